"""Names of keys that the cases of several modules share."""

from policies.kit.types import KEY

Declared = tuple[str, dict[str, object]]

HERE = "asia-northeast1"
RING = "projects/p/locations/asia-northeast1/keyRings/data"
ABROAD = "projects/p/locations/us-central1/keyRings/data"
KEY_NAME = f"{RING}/cryptoKeys/store"
ABROAD_NAME = f"{ABROAD}/cryptoKeys/store"
STORE_KEY: Declared = (KEY, {"keyRing": RING, "name": "store"})
