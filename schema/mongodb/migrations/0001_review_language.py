# ruff: noqa: INP001 # run by its path: a name that begins with a number cannot be imported
"""Give reviews that do not say their language one: Japanese by its kana, Korean by its hangul, else undetermined.

Chinese characters alone are used by both Japanese and Chinese, and Latin letters by most, so that nothing is guessed.
"""

import re
from collections.abc import Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

_BATCH = 1000
_SCRIPTS = {"ja": re.compile(r"[\u3041-\u30ff]"), "ko": re.compile(r"[\uac00-\ud7a3]")}
_UNDETERMINED = "und"


def run(database: Database[Mapping[str, Any]]) -> None:
    """Reviews that have a language, whoever gave it, are left as they are."""
    reviews = database["reviews"]
    without = {"language": {"$exists": False}}
    while found := list(reviews.find(without, {"content": True}, limit=_BATCH)):
        updates = [
            UpdateOne({"_id": review["_id"], **without}, {"$set": {"language": _language(str(review.get("content")))}})
            for review in found
        ]
        # Older than the validator, a review may break it elsewhere; that is not what this file mends.
        reviews.bulk_write(updates, ordered=False, bypass_document_validation=True)


def _language(text: str) -> str:
    return next((language for language, script in _SCRIPTS.items() if script.search(text)), _UNDETERMINED)
