"""Policy packs by concern, each usable alone: `pulumi preview --policy-pack policies/backup`.

A pack is a set of rules (`policies.kit.Rule`); all of them are listed, with their reasons, in docs/policies.md.
"""
