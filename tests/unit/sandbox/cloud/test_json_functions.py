"""What rules may ask of a text that holds JSON."""

from typing import Any

import pytest

from sandbox.cloud.expressions import PURE


@pytest.mark.parametrize(("text", "value"), [('{"a": [1]}', {"a": [1]}), ("{", None), ("", None), (None, None)])
def test_a_json_text_is_read_and_anything_else_is_null(text: Any, value: Any) -> None:
    assert PURE["from_json"](text) == value


def test_every_object_is_found_at_any_depth_the_outermost_first() -> None:
    inner = {"c": 1}
    assert PURE["objects"]({"a": [{"b": inner}]}) == [{"a": [{"b": inner}]}, {"b": inner}, inner]
    assert PURE["objects"]("text") == PURE["objects"](None) == []
