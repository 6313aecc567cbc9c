"""The groups as a page for people: one HTML file that asks no other address and needs no script."""

from functools import cache
from pathlib import Path

from jinja2 import Environment

from components.exploration.groups import Groups
from components.exploration.page.sections import Shown, headline, sections
from components.kinds.contract.exploration import Exploration, Explored
from components.pages import environment


def page(workload: str, kind: Exploration, explored: Explored, groups: Groups, said: str) -> str:
    """Return the page.

    Args:
        workload: whose examples they are.
        kind: how an example is shown.
        explored: the examples.
        groups: of them.
        said: what they were compared by, in a sentence.
    """
    shown = Shown(kind, explored, groups)
    template = _html().get_template("look.html.jinja")
    found = template.render(workload=workload, said=said, headline=headline(shown), sections=sections(shown))
    return found + "\n"


@cache
def _html() -> Environment:
    return environment.html(Path(__file__).with_name("templates"))
