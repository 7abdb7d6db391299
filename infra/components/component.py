"""What every component shares: its type name, and the options it hands to the resources inside it."""

from collections.abc import Sequence

import pulumi


class Component(pulumi.ComponentResource):
    """A named group of resources that belong together; subclasses create them and read no configuration."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"triptrip:platform:{type(self).__name__}", name, None, opts)

    def inside(
        self,
        *after: pulumi.Resource,
        protect: bool | None = None,
        ignore_changes: Sequence[str] = (),
        minutes: int | None = None,
    ) -> pulumi.ResourceOptions:
        """Options for a resource of this component.

        `after` are resources it must follow though no input says so; `protect` is the component's own unless given;
        `minutes` bounds create, update and delete.
        """
        bound = f"{minutes}m"
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(after),
            protect=protect,
            ignore_changes=list(ignore_changes),
            custom_timeouts=pulumi.CustomTimeouts(create=bound, update=bound, delete=bound) if minutes else None,
        )
