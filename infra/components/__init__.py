"""One component a subject: arguments in, typed outputs out, no configuration and no I/O."""
