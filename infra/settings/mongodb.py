"""MongoDB Atlas: the document store (MDB-CLUSTER)."""

from infra.settings.model import StoreSettings


class MongodbSettings(StoreSettings):
    """MongoDB Atlas: the document store (MDB-CLUSTER)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
