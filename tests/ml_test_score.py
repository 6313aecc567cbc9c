"""How ready this project is by the ML Test Score of Breck et al. 2017: `make score` runs what stands for its 28 tests.

A test counts 1 if there are checks for it and all of them pass, else 0 (theirs gives half a point for what is done by
hand; here nothing is). Of seven tests each, the least sum of the four sections is the score.
"""

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from flows.tables import markdown, table

ROOT = Path(__file__).parent.parent
RUBRIC = ROOT / "tests" / "ml_test_score.yaml"
PAGE = ROOT / "docs" / "ml-test-score.md"

_COLUMNS = ["", "test", "score", "what stands for it"]
_READINGS = (  # theirs, by what the score is at most
    (0, "more of a research project than a system at work"),
    (1, "not totally untested, but serious holes in reliability are to be expected"),
    (2, "a first pass at basic productionization, but more investment may be needed"),
    (3, "reasonably tested, but more of it can be automated"),
    (5, "strong levels of automated testing and monitoring, fit for critical situations"),
    (7, "exceptional levels of automated testing and monitoring"),
)


@dataclass(frozen=True)
class Item:
    """One of the 28 tests."""

    section: str
    number: int
    test: str
    checks: tuple[str, ...]
    """Tests of this project, by their file under `tests/` and name."""
    why: str
    """What is missing, where there is no check."""

    def score(self, failed: Collection[str]) -> int:
        """Return 1 if it is checked and no check of it is among `failed`."""
        return int(bool(self.checks) and not set(self.checks) & set(failed))


def rubric() -> list[Item]:
    """Return the 28 tests in the paper's order."""
    return [
        Item(section, number, item["test"], tuple(item.get("checks", ())), item.get("why", ""))
        for section, items in yaml.safe_load(RUBRIC.read_text()).items()
        for number, item in enumerate(items, start=1)
    ]


def page(items: list[Item], failed: Collection[str] = ()) -> str:
    """Return the page of docs."""
    parts = [f"# The ML Test Score\n\n{_ABOUT}\n\n{_verdict(items, failed)}\n\n{markdown(*_sums(items, failed))}\n"]
    for section in _sections(items):
        rows = [[*_start(item, failed), _links(item)] for item in items if item.section == section]
        parts.append(f"## {section}\n\n{markdown(_COLUMNS, rows)}\n")
    return "\n".join(parts)


def console(items: list[Item], failed: Collection[str]) -> str:
    """Return the same for a console."""
    rows = [[item.section, *_start(item, failed)[1:], _names(item, failed)] for item in items]
    sums = table("ML Test Score", *_sums(items, failed))
    return f"{table('Breck et al. 2017', _COLUMNS, rows)}\n{sums}\n{_verdict(items, failed)}"


def _start(item: Item, failed: Collection[str]) -> list[str]:
    return [str(item.number), item.test, str(item.score(failed))]


def _links(item: Item) -> str:
    found = [f"[{_name(check)}](../tests/{check.partition('::')[0]})" for check in item.checks]
    return ", ".join(found) or item.why


def _names(item: Item, failed: Collection[str]) -> str:
    return "\n".join(_name(check) + (": FAILED" if check in failed else "") for check in item.checks) or item.why


def _name(check: str) -> str:
    return check.partition("::")[2].removeprefix("test_").replace("_", " ")


def _sums(items: list[Item], failed: Collection[str]) -> tuple[list[str], list[list[str]]]:
    sums = _by_section(items, failed)
    return ["section", "sum of 7"], [*([name, str(value)] for name, value in sums.items()), ["least", _least(sums)]]


def _verdict(items: list[Item], failed: Collection[str]) -> str:
    least = _least(_by_section(items, failed))
    reading = next(words for most, words in _READINGS if int(least) <= most)
    return f"The score is {least}: {reading}."


def _by_section(items: list[Item], failed: Collection[str]) -> dict[str, int]:
    return {
        section: sum(item.score(failed) for item in items if item.section == section) for section in _sections(items)
    }


def _least(sums: dict[str, int]) -> str:
    return str(min(sums.values()))


def _sections(items: list[Item]) -> list[str]:
    return list(dict.fromkeys(item.section for item in items))


class _Results:
    """Notes which checks failed, or never ran to their end."""

    def __init__(self, checks: Collection[str]) -> None:
        self.failed: set[str] = set()
        self.passed: set[str] = set()
        self._checks = checks

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one report down; a test with parameters is one check."""
        check = report.nodeid.removeprefix("tests/").partition("[")[0]
        if not report.passed:
            self.failed.add(check)
        elif report.when == "call":
            self.passed.add(check)

    def missing(self) -> set[str]:
        """Return the checks that did not pass."""
        return self.failed | (set(self._checks) - self.passed)


def main() -> int:
    """Run the checks, print the table, and with `--write` write the page; exit with 1 if a check failed."""
    items = rubric()
    checks = sorted({check for item in items for check in item.checks})
    results = _Results(checks)
    pytest.main(["-n", "2", "--quiet", "--durations=0", *(f"tests/{check}" for check in checks)], plugins=[results])
    failed = results.missing()
    print(console(items, failed))
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(items, failed))
    return int(bool(failed))


_ABOUT = """\
Breck et al. 2017, [The ML Test Score](https://research.google/pubs/pub46555/), asks 28 questions of a system that
learns. `make score` runs the checks that stand for them here and prints this table. A question without an automated
check counts 0."""


if __name__ == "__main__":
    sys.exit(main())
