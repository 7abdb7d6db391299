"""The benchmark: how long the platform takes against the engine's own floor, how it grows, and its critical path."""
