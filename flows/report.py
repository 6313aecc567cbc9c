"""The report on a flow run: tables for the console, and a Markdown artifact of the run."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefect.artifacts import create_markdown_artifact

from flows.tables import markdown, table

_COLUMNS = ["what", "outcome"]


@dataclass(frozen=True)
class Section:
    """A table of its own in a report; empty rows: it is left out."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Report:
    """What a flow run came to, one row a fact. On a console the sections come first, in Markdown last."""

    title: str
    facts: list[list[str]]
    """Rows of two cells: what, outcome."""
    sections: tuple[Section, ...] = ()

    def __str__(self) -> str:
        above = [table(section.title, section.columns, section.rows) for section in self._shown()]
        return "\n".join([*above, table(self.title, _COLUMNS, self.facts)])

    def markdown(self) -> str:
        """Return the report as a Markdown page."""
        below = [f"## {section.title}\n\n{markdown(section.columns, section.rows)}\n" for section in self._shown()]
        return "\n".join([f"# {self.title}\n\n{markdown(_COLUMNS, self.facts)}\n", *below])

    def _shown(self) -> list[Section]:
        return [section for section in self.sections if section.rows]


def publish_report(
    title: str, facts: list[list[str]], *, key: str, description: str, sections: Sequence[Section] = ()
) -> Report:
    """Return the report on this flow run, and keep it as the run's Markdown artifact `key`."""
    report = Report(title, facts, tuple(sections))
    publish_page(report.markdown(), key=key, description=description)
    return report


def publish_page(text: str, *, key: str, description: str) -> None:
    """Keep a Markdown page as an artifact of this flow run."""
    create_markdown_artifact(text, key=artifact_key(key), description=description)


def artifact_key(name: str) -> str:
    """Return the name as Prefect takes it: a workload's may hold underscores."""
    return name.replace("_", "-")
