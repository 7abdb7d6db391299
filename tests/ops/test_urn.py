"""The parts of a URN."""

import pytest

from ops.urn import name_of, stack_urn, type_of

URN = "urn:pulumi:prod::triptrip::triptrip:platform:Platform$gcp:dns/recordSet:RecordSet::a::b"


@pytest.mark.parametrize(
    ("urn", "type_", "name"),
    [
        (URN, "gcp:dns/recordSet:RecordSet", "a::b"),
        ("urn:pulumi:prod::triptrip::pulumi:pulumi:Stack::triptrip-prod", "pulumi:pulumi:Stack", "triptrip-prod"),
        ("google_dns_record_set.a", "google_dns_record_set.a", ""),
        ("", "", ""),
    ],
)
def test_the_parts(urn: str, type_: str, name: str) -> None:
    assert (type_of(urn), name_of(urn)) == (type_, name)


def test_the_stack_of_a_resource() -> None:
    assert stack_urn(URN) == "urn:pulumi:prod::triptrip::pulumi:pulumi:Stack::triptrip-prod"
