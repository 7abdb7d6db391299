"""Log lines as Cloud Logging reads them from standard output: a JSON object each (Cloud Run, structured logs)."""

import json
import logging
import sys

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """The message, its severity, and whatever was given as `extra`; a traceback belongs to its own line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields = {name: value for name, value in vars(record).items() if name not in _OWN}
        line = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name, **fields}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def begin(level: str) -> None:
    """Let the whole process log this way; what is more than INFO is told of the worker alone, not of its libraries."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level="INFO" if level == "DEBUG" else level, handlers=[handler], force=True)
    logging.getLogger("invalidator").setLevel(level)
