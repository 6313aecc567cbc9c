import re

from hypothesis import given
from hypothesis import strategies as st

from components.registry.card.brief import brief
from components.tracking.description import LONGEST
from tests.unit.registry.card.test_page import full

WHERE = "    mlflow artifacts download --artifact-uri models:/cups/2/card.html"


def test_it_says_the_verdict_the_metrics_the_worst_slices_and_where_the_card_is() -> None:
    card = full("plain")
    card["measured"]["slices"].insert(7, {"name": "worst", "value": 0.1, "low": 0.0, "high": 0.2, "count": 9})
    lines = brief(card).splitlines()
    assert lines[0] == "**cups 2: refused**, plain"
    assert "| measure | model | 95 % interval | baseline |" in lines
    start = lines.index("| slice | value | 95 % interval | examples |")
    assert lines[start + 2] == "| worst | 0.1000 | 0.0000 to 0.2000 | 9 |"
    assert len([line for line in lines[start + 2 :] if line.startswith("|")]) == 5
    assert lines[-1] == WHERE


def test_of_a_version_that_was_neither_judged_nor_measured_it_says_so() -> None:
    lines = brief({"name": "cups", "version": "2"}).splitlines()
    assert (lines[0], lines[-1]) == ("**cups 2: not judged**", WHERE)


@given(st.text(min_size=1) | st.sampled_from(["a | b", "# x", "<b>", "[x](y)", "a\n## b", "`x`", "*" * 3_000]))
def test_whatever_names_are_it_is_short_enough_and_nothing_becomes_markdown(text: str) -> None:
    said = brief(full(text))
    assert len(said) <= LONGEST
    lines = said.splitlines()
    assert lines[0].startswith("**cups 2: refused**, ")
    assert lines[-1] == WHERE
    assert not [line for line in lines if line.startswith("#") or re.search(r"(?<!\\)[<\[`]", line)]
