"""Certificates for tests: an authority, and a server's certificate with its key, as PEM texts."""

from dataclasses import dataclass

import trustme


@dataclass(frozen=True)
class Certificate:
    """`authority` is what clients trust; `chain` and `key` are the server's."""

    authority: str
    chain: str
    key: str


def certificate_for(*names: str) -> Certificate:
    """A fresh authority and a certificate of it for these DNS names or addresses."""
    authority = trustme.CA()
    made = authority.issue_cert(*names)
    return Certificate(
        authority.cert_pem.bytes().decode(),
        "".join(blob.bytes().decode() for blob in made.cert_chain_pems),
        made.private_key_pem.bytes().decode(),
    )
