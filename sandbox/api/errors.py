"""Refusals in the form that Google's REST APIs give them (google.rpc.Code; Google Cloud API design guide, "Errors")."""

from typing import Any

_STATUSES = {
    400: ("INVALID_ARGUMENT", "badRequest"),
    401: ("UNAUTHENTICATED", "authError"),
    403: ("PERMISSION_DENIED", "forbidden"),
    404: ("NOT_FOUND", "notFound"),
    409: ("ALREADY_EXISTS", "conflict"),
    412: ("FAILED_PRECONDITION", "conditionNotMet"),
    429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
    500: ("INTERNAL", "backendError"),
    501: ("UNIMPLEMENTED", "notImplemented"),
    503: ("UNAVAILABLE", "backendError"),
}


class ApiError(Exception):
    """A refusal: HTTP status, message, and Google's `reason` where it is not the status's usual one."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or _STATUSES[status][1]

    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        status = _STATUSES[self.status][0]
        return {"error": {"code": self.status, "message": self.message, "status": status, "errors": [detail]}}
