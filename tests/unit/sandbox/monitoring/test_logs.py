"""Filters of Cloud Logging, by hand."""

import pytest

from sandbox.monitoring.logs import MAXIMUM_LENGTH, LogFilterError, log_filter

ENTRY = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {"type": "gcs_bucket", "labels": {"bucket_name": "one"}},
    "protoPayload": {"methodName": "storage.objects.create", "status": {"code": 7}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource.type="gcs_bucket"', True),
        ('resource.type="GCS_BUCKET"', True),
        ('resource.type!="gcs_bucket"', False),
        ('resource.labels.bucket_name=("two" OR "one")', True),
        ('resource.labels.bucket_name=("two" OR "three")', False),
        ('protoPayload.methodName=~"^storage\\.objects\\."', True),
        ('protoPayload.methodName!~"^storage"', False),
        ('protoPayload.methodName:"objects"', True),
        ("protoPayload.status.code>0", True),
        ("NOT protoPayload.status.code>0", False),
        ("NOT protoPayload.absent.code>0", True),
        ('protoPayload.absent!="x"', False),
        ('log_id("cloudaudit.googleapis.com/activity")', True),
        ('log_id("cloudaudit.googleapis.com/data_access")', False),
        ('resource.type="x" OR resource.type="gcs_bucket" AND protoPayload.status.code=7', True),
        ('(resource.type="x" OR resource.type="gcs_bucket") AND protoPayload.status.code=8', False),
        ('resource.type="gcs_bucket" protoPayload.status.code=7', True),
    ],
)
def test_a_filter_says_of_an_entry_whether_it_passes(text: str, expected: bool) -> None:
    assert log_filter(text)(ENTRY) is expected


@pytest.mark.parametrize(
    "text", ["", 'resource.type="x', "resource.type=", 'AND a="b"', "a=b", "x" * (MAXIMUM_LENGTH + 1)]
)
def test_a_filter_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LogFilterError):
        log_filter(text)
