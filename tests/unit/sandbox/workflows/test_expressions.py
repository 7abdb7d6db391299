"""What expressions come to, and what Workflows would not take."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.workflows.errors import RaisedError, SourceError
from sandbox.workflows.expressions import (
    MAXIMUM_LENGTH,
    Names,
    evaluate,
    functions_called,
    is_expression,
    variables_named,
)

NAMES = Names(
    {"a": {"b": [1, 2], "c-d": 3, "none": None}, "text_": "x", "index": 1, "order": 2, "notes": "n", "yes": True},
    {"text.repeat": lambda text, times: text * times, "now": lambda: 5, "size": len},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${1 + 2 * 3}", 7),
        ("${(1 + 2) * 3}", 9),
        ("${10 - 3 - 2}", 5),
        ("${7 // 2 + 7 % 2}", 4),
        ("${-a.b[0] + 1.5}", 0.5),
        ('${"a" + text_ + \'"\'}', 'ax"'),
        (r'${"say \"hi\"\n"}', 'say "hi"\n'),
        ("${a.b[index]}", 2),
        ('${a["c-d"] == 3}', True),
        ("${1 == 1.0 and 1 != 2}", True),
        ('${"1" == 1}', False),
        ("${2 in a.b and 3 not in a.b}", True),
        ('${"b" in a or "q" in a}', True),
        ("${not yes or 1 < 2}", True),
        ("${a.none == null}", True),
        ("${yes == true and TRUE}", True),
        ('${text.repeat("ab", order)}', "abab"),
        ("${now() >= 5}", True),
        ("${size(a.b) - 1}", 1),
        ("${order + index}", 3),
        ('${notes + "t"}', "nt"),
        ('${"a" < "b"}', True),
        ("${\n  1 +\n  1\n}", 2),
    ],
)
def test_an_expression_has_a_value(text: str, value: Any) -> None:
    found = evaluate(text, NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "tag", "why"),
    [
        ("${a.missing}", "KeyError", "missing"),
        ("${a.b[2]}", "IndexError", "2"),
        ("${a.b[0].c}", "TypeError", "integer has no 'c'"),
        ('${"n" + 1}', "TypeError", "string . integer"),
        ("${1 + null}", "TypeError", "integer . null"),
        ('${1 < "2"}', "TypeError", "integer < string"),
        ("${yes + 1}", "TypeError", "boolean"),
        ("${1 and yes}", "TypeError", "no boolean"),
        ('${"x" in "xyz"}', "TypeError", "string in string"),
        ("${1 / 0}", "ZeroDivisionError", "zero"),
    ],
)
def test_an_error_that_except_can_catch(text: str, tag: str, why: str) -> None:
    with pytest.raises(RaisedError, match=why) as caught:
        evaluate(text, NAMES)
    assert caught.value.value["tags"] == [tag]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${1 +}", "Unexpected"),
        ("${a..b}", "Unexpected"),
        ('${"open}', "No terminal"),
        ("${[1, 2]}", "Unexpected"),
        ('${{"a": 1}}', "No terminal"),
        ("${a.b[0](1)}", "by its name alone"),
        ("${len(a)}", "there is no function len"),
        ("${nobody}", "variable nobody is not set"),
        ("${1 + " + "1 + " * MAXIMUM_LENGTH + "1}", "400 at most"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        evaluate(text, NAMES)


def test_only_a_whole_text_is_an_expression() -> None:
    assert is_expression("${1}")
    assert not is_expression("plain")
    assert not is_expression(3)
    with pytest.raises(SourceError, match="join them inside the expression"):
        is_expression("gs://${bucket}")


def test_an_expression_tells_what_it_reads_and_calls() -> None:
    text = '${text.repeat(a.b[index], now()) + text_ + "a.nothing"}'
    assert sorted(functions_called(text)) == ["now", "text.repeat"]
    assert set(variables_named(text)) == {"a", "index", "text_"}


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: f"({' '.join(parts)})"),
        max_leaves=12,
    )
)
def test_whole_numbers_are_calculated_as_anywhere(text: str) -> None:
    assert evaluate(f"${{{text}}}", NAMES) == eval(text)  # noqa: S307 # digits, brackets and signs made above
