"""The conformance report: what the document promises against what a stack declares."""
