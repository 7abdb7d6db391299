"""The program: settings, what is derived from them, and the components that declare it."""
