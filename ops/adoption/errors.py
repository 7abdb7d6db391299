"""What goes wrong with an adoption."""


class AdoptionError(Exception):
    """The instance cannot be adopted as things are; the message says why and what to do."""
