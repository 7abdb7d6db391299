"""What every reader of a protocol with lengths needs of a socket."""

import socket


def exactly(source: socket.socket, count: int) -> bytes:
    """So many bytes, in whatever pieces they come; empty when the connection ends before them."""
    data = b""
    while len(data) < count:
        part = source.recv(count - len(data))
        if not part:
            return b""
        data += part
    return data
