"""The report as a page for people: one HTML file that asks no other address and needs no script."""

from functools import cache
from pathlib import Path

from jinja2 import Environment

from components.pages import environment
from components.watch.page.sections import headline, sections
from components.watch.report import Report


def page(report: Report) -> str:
    """Return the report as HTML."""
    template = _html().get_template("watch.html.jinja")
    shown = {"headline": headline(report), "sections": sections(report), "state": report.verdict.verdict}
    return template.render(report=report, **shown) + "\n"


@cache
def _html() -> Environment:
    return environment.html(Path(__file__).with_name("templates"))
