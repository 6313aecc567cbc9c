import re

import pytest

from tests.ml_test_score import PAGE, ROOT, Item, console, page, rubric

ITEMS = rubric()


def test_the_rubric_is_the_papers() -> None:
    sections = [item.section for item in ITEMS]
    assert {section: sections.count(section) for section in sections} == dict.fromkeys(
        ("Data", "Model", "Infrastructure", "Monitoring"), 7
    )


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.test)
def test_each_has_checks_that_are_there_or_says_what_is_missing(item: Item) -> None:
    assert bool(item.checks) != bool(item.why)
    for check in item.checks:
        file, _, name = check.partition("::")
        assert re.search(rf"^(async )?def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE), check


def test_the_page_is_what_make_score_writes() -> None:
    assert PAGE.read_text() == page(ITEMS)


def test_a_check_that_fails_costs_its_point() -> None:
    failing = next(item for item in ITEMS if item.checks)
    assert failing.score(()) == 1
    assert failing.score({failing.checks[0]}) == 0
    assert "FAILED" in console(ITEMS, {failing.checks[0]})
    assert page(ITEMS, {failing.checks[0]}) != page(ITEMS)
