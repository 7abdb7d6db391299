"""Search: an index from a snapshot, beside the one in use and then in its place (ES-SVC)."""
