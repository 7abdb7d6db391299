import json
import logging

from services.invalidator.logs import JsonFormatter


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("invalidator", logging.WARNING, __file__, 1, "an event of %s", ("hotel",), None)
    vars(made).update(extra)
    return made


def test_a_line_is_an_object_with_severity_message_and_what_was_given() -> None:
    assert json.loads(JsonFormatter().format(record(keys=3, reason="京都"))) == {
        "severity": "WARNING",
        "message": "an event of hotel",
        "logger": "invalidator",
        "keys": 3,
        "reason": "京都",
    }


def test_whatever_is_given_stays_one_line() -> None:
    line = JsonFormatter().format(record(error=ValueError("a\nb"), where=object()))
    assert "\n" not in line
    assert json.loads(line)["error"] == "a\nb"
