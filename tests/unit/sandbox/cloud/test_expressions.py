"""Functions that rules and templates may call beyond plain CEL."""

from __future__ import annotations

import base64

from sandbox.cloud.expressions import PURE, Scope


def test_base64_is_read_back_by_python() -> None:
    encoded = Scope({"text": '{"type": "service_account"}'}, PURE).evaluate("base64(text)")
    assert base64.b64decode(encoded).decode() == '{"type": "service_account"}'
