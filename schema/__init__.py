"""What lives inside the stores, as versioned files, and the one command that brings a store to what they say.

`python -m schema plan|apply|status|verify STORE --env ENVIRONMENT`
"""
