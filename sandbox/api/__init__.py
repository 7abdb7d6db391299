"""Google's REST APIs on loopback, as their own discovery documents describe them, with state in memory and trouble.

    with ApiServer([SqlAdmin(...), Storage(), Dns()]) as server:
        client = build("sqladmin", "v1", client_options={"api_endpoint": server.endpoint("sqladmin.v1")}, ...)
        server.api.faults.add(Fault("sql.instances.clone", nth=1, kind=Kind.CUT))

Routes, parameters and bodies come from the documents that the PyPI package google-api-python-client ships; a service
brings handlers for the methods that are used. What a document does not know is refused in Google's own form, what has
no handler is answered 501, and everything that was asked is on record.
"""

from sandbox.api.api import Api
from sandbox.api.call import Answer, Call, Service
from sandbox.api.errors import ApiError
from sandbox.api.faults import Fault, Faults, Kind
from sandbox.api.server import ApiServer

__all__ = ["Answer", "Api", "ApiError", "ApiServer", "Call", "Fault", "Faults", "Kind", "Service"]
