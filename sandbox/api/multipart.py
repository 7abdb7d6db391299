"""Uploads: metadata and content of a multipart/related body, or content alone."""

import json
from email import message_from_bytes
from typing import Any

from sandbox.api.errors import ApiError


def parts(content_type: str, content: bytes) -> tuple[Any, bytes]:
    """Metadata (None where there is none) and content of an upload; raises ApiError 400 for a broken one."""
    if content_type.startswith("application/json"):
        return _json(content), b""
    if not content_type.startswith("multipart/related"):
        return None, content
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content)
    boundary = message.get_boundary()
    if boundary is None:
        raise ApiError(400, "Missing boundary in multipart upload.")
    pieces = content.split(b"--" + boundary.encode())[1:-1]
    if len(pieces) != 2:  # noqa: PLR2004 # Cloud Storage, "Multipart upload": one part of metadata, one of content
        raise ApiError(400, "Expected two parts of a multipart upload.")
    metadata, media = (piece.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")[2] for piece in pieces)
    return _json(metadata), media


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError as error:
        raise ApiError(400, "Invalid JSON payload received.") from error
