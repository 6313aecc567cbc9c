"""A plan for people: one HTML file that asks no other address and needs no script, and the same as Markdown."""

from pathlib import Path

from components.pages import environment
from components.plan.contents import Plan
from components.plan.page.sections import headline, sections
from components.plan.page.values import said

_TEMPLATES = Path(__file__).with_name("templates")


def page(plan: Plan) -> str:
    """Return the plan as HTML."""
    template = environment.html(_TEMPLATES).get_template("plan.html.jinja")
    return template.render(plan=plan, asked=asked(plan), headline=headline(plan), sections=sections(plan)) + "\n"


def markdown(plan: Plan) -> str:
    """Return the plan as Markdown, all of it but the drawings."""
    return (
        environment.markdown(_TEMPLATES)
        .get_template("plan.md.jinja")
        .render(plan=plan, asked=asked(plan), sections=sections(plan))
    )


def asked(plan: Plan) -> str:
    """Return in a sentence what the plan is for."""
    own = plan.demand
    return (
        f"{said(own.rate, '')} requests a second, {own.peak:g} times as many at the busiest time, 99 of 100 answered "
        f"within {said(own.p99, 's')}, trained anew: {own.retrain}. Planned on {plan.day:%Y-%m-%d}; this machine is "
        f"{plan.machine}."
    )
