"""Recovery as commands: a table, a moment, the whole database, and drills that measure how long it takes (ADR 0025).

Each procedure is a list of steps (`steps.py`) over a journal: shown by `--plan`, done once, gone on with after a kill.
No step ever deletes or overwrites a live instance; what is deleted carries the recovery's mark in its name.
"""
