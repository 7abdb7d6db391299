"""PostgreSQL itself, by SQL and by its own tools: what is in a copy, and how it comes back into a live database."""
