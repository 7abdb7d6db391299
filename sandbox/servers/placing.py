"""Files of the plan with the addresses, ports and folders that servers have on this machine."""

import re
from collections.abc import Mapping


def placed(text: str, places: Mapping[str, str]) -> str:
    """The text with every place of the plan replaced by its own here, the longest first; parts of words stay."""
    pattern = "|".join(re.escape(each) for each in sorted(places, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{pattern})(?![\w.-])", lambda found: places[found[0]], text)
