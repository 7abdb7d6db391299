"""The four phases of the PostgreSQL tier: where a stack is, and what each step does, takes, interrupts and costs."""
