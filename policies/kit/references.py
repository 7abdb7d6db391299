"""Which of the stack's resources another one names, also while ids are unknown."""

from policies.kit.resource import Node, Resource, Stack, Undecided, last_part
from policies.kit.waiting import fitting


def declared(
    stack: Stack, user: Resource, path: str, *types: str, naming: str = "name", inside: Node | None = None
) -> list[Resource]:
    """The stack's resources of these types that the user names there; `inside` is an object of the user's to read in.

    While the id is not known they are those that it depends on; raises Undecided when it depends on none. Neither is it
    known which resource a name is of that the cloud gives, as long as that resource has none.
    """
    try:
        named = {last_part(text) for text in (inside or user).texts(path)}
    except Undecided:
        if found := [each for each in stack.of(*types) if each.urn in user.dependencies]:
            return found
        raise
    if not named:
        return []
    nameless = [each for each in stack.of(*types) if each.urn in user.dependencies and not _names(each, naming)]
    return fitting(stack.of(*types), lambda each: not named.isdisjoint(_names(each, naming))) or nameless


def _names(resource: Resource, naming: str) -> set[str]:
    """What it is called by: as the program says, or as the cloud does."""
    return {last_part(text) for text in (resource.text(naming), str(resource.outputs.get(naming, ""))) if text}
