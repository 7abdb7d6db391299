"""Whether a stack keeps what each requirement asks, and why that is so."""
