"""What holds for every test."""

import os

from hypothesis import settings

# How long an example takes is the machine's affair, and no test's.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# google-cloud-storage asks for a bucket's metadata from a thread of its own, which would go on trying, and drawing
# random numbers, long after the server of its test has ended.
os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"
