"""Which of the stack's resources another one names, also while ids are unknown."""

from policies.kit import Resource, Stack, Undecided, last_part
from policies.kit.waiting import fitting


def declared(stack: Stack, user: Resource, path: str, type_: str, naming: str = "name") -> list[Resource]:
    """The stack's resources of a type that the user names there.

    While the id is not known they are those that it depends on; raises Undecided when it depends on none.
    """
    try:
        named = {last_part(text) for text in user.texts(path)}
    except Undecided:
        if found := [each for each in stack.of(type_) if each.urn in user.dependencies]:
            return found
        raise
    return fitting(stack.of(type_), lambda each: each.text(naming) in named) if named else []
