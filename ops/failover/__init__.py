"""The region is lost, or is to be left: the second region's replica takes over, and settings and state follow.

The fourth of the document's procedures (REC-REGION), on the runner of `ops.recovery`; docs/runbooks/recovery-region.md.
"""
