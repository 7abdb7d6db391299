"""Steps in order: jumps, loops, what is caught and tried again, limits."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from sandbox.workflows import Clock, Entry, Execution, RaisedError, SourceError

START = 1764180000.0


class Answers:
    """Answers calls from a list; an error in it is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def connector(self, name: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append((name, arguments))
        answer = self.answers.pop(0)
        if isinstance(answer, RaisedError):
            raise answer
        return answer

    http = connector


def http_error(code: int) -> RaisedError:
    return RaisedError.tagged("HttpError", f"refused with {code}", code=code)


def execution(steps: str, *answers: Any, others: str = "", environment: Mapping[str, str] | None = None) -> Execution:
    text = yaml.safe_dump(
        {"main": {"params": ["args"], "steps": yaml.safe_load(steps)}, **(yaml.safe_load(others) or {})}
    )
    return Execution(text, Answers(*answers), Clock(START), environment or {})


def test_variables_jumps_and_the_result() -> None:
    run = execution("""
        - set: {assign: [{n: 0}, {seen: []}], next: count}
        - never: {raise: skipped by the jump}
        - count: {assign: [{n: "${n + 1}"}, {seen: "${list.concat(seen, n)}"}]}
        - again: {switch: [{condition: "${n < args.until}", next: count}]}
        - done: {return: {n: "${n}", seen: "${seen}", kept: [plain, "${args.until}"]}}
    """)
    assert run.run({"until": 3}) == {"n": 3, "seen": [1, 2, 3], "kept": ["plain", 3]}
    assert run.steps == 8


def test_a_loop_is_left_and_gone_on_with() -> None:
    run = execution("""
        - set: {assign: [{taken: []}]}
        - loop:
            for:
              value: each
              in: "${args}"
              steps:
                - skip:
                    switch: [{condition: "${each == 2}", next: continue}, {condition: "${each == 4}", next: break}]
                - take: {assign: [{taken: "${list.concat(taken, each)}"}]}
        - done: {return: "${taken}"}
    """)
    assert run.run([1, 2, 3, 4, 5]) == [1, 3]


def test_a_return_inside_everything_ends_the_workflow() -> None:
    run = execution("""
        - outer:
            try:
              steps:
                - loop:
                    for:
                      value: each
                      in: "${args}"
                      steps:
                        - which: {switch: [{condition: "${each == 2}", steps: [{found: {return: "${each}"}}]}]}
            except: {as: e, steps: [{caught: {return: caught}}]}
        - done: {return: not reached}
    """)
    assert run.run([1, 2, 3]) == 2


def test_the_end_is_the_end_without_a_result() -> None:
    assert execution("[{stop: {assign: [{n: 1}], next: end}}, {done: {return: no}}]").run(None) is None


def test_a_subworkflow_has_variables_of_its_own() -> None:
    run = execution(
        """
        - set: {assign: [{items: [1]}]}
        - call_it: {call: grow, args: {items: "${items}"}, result: grown}
        - done: {return: {items: "${items}", grown: "${grown}"}}
        """,
        others="""
        grow:
          params: [items]
          steps: [{more: {assign: [{items: "${list.concat(items, 2)}"}]}}, {done: {return: "${items}"}}]
        """,
    )
    assert run.run(None) == {"items": [1], "grown": [1, 2]}


def test_calls_within_calls_have_a_bound() -> None:
    run = execution(
        "[{begin: {call: deeper}}]", others="deeper: {steps: [{again: {call: deeper}}, {done: {return: null}}]}"
    )
    with pytest.raises(RaisedError, match="20 calls") as caught:
        run.run(None)
    assert caught.value.value["tags"] == ["RecursionError"]


TRIED = """
- ask:
    try: {call: googleapis.x.v1.get, args: {id: "${args}"}, result: answer}
    retry: RETRY
    except: {as: e, steps: [{give: {return: {code: "${map.get(e, 'code')}", tags: "${e.tags}"}}}]}
- done: {return: "${answer}"}
"""
OWN = (
    "{predicate: '${own}', max_retries: 3, backoff: {initial_delay: '${args}', max_delay: 30, multiplier: 4}}",
    "own: {params: [e], steps: [{decide: {return: '${e.code == 409}'}}]}",
)


@pytest.mark.parametrize(
    ("answers", "result", "waited"),
    [
        ([1], 1, 0.0),
        ([http_error(503), http_error(429), 1], 1, 2.25),
        ([RaisedError.tagged("ConnectionError", "cut"), 1], 1, 1.0),
        ([http_error(404)], {"code": 404, "tags": ["HttpError"]}, 0.0),
        ([http_error(503), http_error(403)], {"code": 403, "tags": ["HttpError"]}, 1.0),
        ([http_error(503)] * 6, {"code": 503, "tags": ["HttpError"]}, 1 + 1.25 + 1.25**2 + 1.25**3 + 1.25**4),
        ([RaisedError.tagged("OperationError", "failed")], {"code": None, "tags": ["OperationError"]}, 0.0),
    ],
)
def test_a_default_policy(answers: list[Any], result: Any, waited: float) -> None:
    run = execution(TRIED.replace("RETRY", "'${http.default_retry}'"), *answers)
    assert run.run(7) == result
    assert run.clock.now - START == pytest.approx(waited)
    assert not run.google.answers  # type: ignore[attr-defined] # the stand-in above


def test_a_policy_of_its_own_with_a_predicate_and_growing_waits() -> None:
    run = execution(TRIED.replace("RETRY", OWN[0]), *[http_error(409)] * 3, 1, others=OWN[1])
    assert run.run(7) == 1
    assert run.clock.now - START == 7 + 28 + 30


def test_a_policy_of_its_own_gives_up() -> None:
    run = execution(TRIED.replace("RETRY", OWN[0]), *[http_error(409)] * 4, others=OWN[1])
    assert run.run(7) == {"code": 409, "tags": ["HttpError"]}


def test_a_non_idempotent_policy_leaves_a_cut_connection_alone() -> None:
    steps = TRIED.replace("RETRY", "'${http.default_retry_non_idempotent}'")
    assert execution(steps, RaisedError.tagged("ConnectionError", "cut")).run(7)["tags"] == ["ConnectionError"]
    assert execution(steps, RaisedError.tagged("ConnectionFailedError", "no"), 1).run(7) == 1


def test_what_is_raised_can_be_any_value_and_raised_again() -> None:
    run = execution("""
        - first:
            try: {steps: [{fail: {raise: {message: it broke, code: 7}}}]}
            except: {as: e, steps: [{again: {raise: {message: '${"again, " + e.message}', code: "${e.code}"}}}]}
    """)
    with pytest.raises(RaisedError, match="again, it broke") as caught:
        run.run(None)
    assert caught.value.value == {"message": "again, it broke", "code": 7}
    with pytest.raises(RaisedError, match="plain words"):
        execution("[{fail: {raise: plain words}}]").run(None)


def test_logs_sleep_and_the_library() -> None:
    run = execution(
        """
        - tell: {call: sys.log, args: {severity: INFO, json: {n: "${len(args)}"}}}
        - wait: {call: sys.sleep, args: {seconds: 90}}
        - done:
            return:
              at: ${time.format(sys.now())}
              project: ${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}
              number: ${int("12") + int(2.9)}
              name: ${text.url_encode("a/b c")}
              parts: ${text.split("a/b", "/")}
              cut: ${text.substring("abcdef", 1, 3)}
              text: ${text.replace_all("a-b", "-", "+")}
              read: ${json.decode(text.encode("{\\"k\\":1}")).k}
              nothing: ${default(map.get(args, "x"), "none")}
        """,
        environment={"GOOGLE_CLOUD_PROJECT_ID": "dev"},
    )
    assert run.run([1, 2]) == {
        "at": "2025-11-26T18:01:30.000000Z",
        "project": "dev",
        "number": 14,
        "name": "a%2Fb%20c",
        "parts": ["a", "b"],
        "cut": "bc",
        "text": "a+b",
        "read": 1,
        "nothing": "none",
    }
    assert run.log == [Entry("INFO", {"n": 2})]


@pytest.mark.parametrize(
    ("expression", "tag"),
    [
        ('len("a", "b")', "TypeError"),
        ("len(1)", "TypeError"),
        ('text.substring("abc", 0, 9)', "IndexError"),
        ('int("x")', "ValueError"),
        ('json.decode(text.encode("{"))', "ValueError"),
        ('json.decode("{}")', "TypeError"),
        ('sys.get_env("NOTHING")', "KeyError"),
    ],
)
def test_functions_raise_as_in_the_cloud(expression: str, tag: str) -> None:
    with pytest.raises(RaisedError) as caught:
        execution(yaml.safe_dump([{"done": {"return": f"${{{expression}}}"}}])).run(None)
    assert caught.value.value["tags"] == [tag]


def test_a_wrong_log_entry() -> None:
    with pytest.raises(RaisedError, match="one of data, text and json"):
        execution("[{tell: {call: sys.log, args: {json: text}}}]").run(None)
    with pytest.raises(SourceError, match="no severity LOUD"):
        execution("[{tell: {call: sys.log, args: {text: x, severity: LOUD}}}]").run(None)


def test_variables_have_a_bound() -> None:
    run = execution("""
        - set: {assign: [{all: "${args}"}]}
        - grow: {assign: [{all: "${all + all}"}], next: grow}
    """)
    with pytest.raises(RaisedError, match="524288 bytes") as caught:
        run.run("x" * 1000)
    assert caught.value.value["tags"] == ["ResourceLimitError"]


def test_steps_have_a_bound() -> None:
    run = execution("[{round: {assign: [{n: 1}], next: round}}]")
    with pytest.raises(RaisedError, match="100000 steps"):
        run.run(None)
