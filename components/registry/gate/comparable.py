"""Whether two versions can be held against each other: both must be able to answer today's test split."""

from components.config.errors import BundleError, RegistryError
from components.inference.bundle import Bundle
from components.registry.gate.sitting import Paper, Sitting, sit
from components.registry.gate.verdict import Rule
from components.registry.register import Version, version_bundle

CHAMPION = "comparable: champion"
"""Name of the row that says why the champion was not measured."""
CHALLENGER = "comparable: challenger"
"""Name of the row that says why the challenger was not."""


def champion_beside(current: Version | None, paper: Paper) -> tuple[Sitting | None, list[Rule]]:
    """Return the champion's answers, and what stands in the way of them.

    One that was made for other classes or inputs than today's cannot answer today's test split, nor go on for long:
    the challenger has to show what is absolute. One whose bundle is lost refuses: its loss may be a passing one.
    """
    if current is None:
        return None, []
    try:
        bundle = Bundle(version_bundle(current))
    except (RegistryError, BundleError) as error:
        note = f"{error}; bring it back, or promote by hand"
        return None, [Rule(name=CHAMPION, champion=current.value, passed=False, note=note)]
    if (reason := unfit(bundle, paper)) is not None:
        note = f"version {current.number} was made for other data: {reason}"
        return None, [Rule(name=CHAMPION, champion=current.value, passed=None, note=note)]
    return sit(paper, bundle), []


def unfit(bundle: Bundle, paper: Paper) -> str | None:
    """Return why the bundle cannot answer today's test split, if so."""
    about, data = bundle.about, paper.data
    if about.kind != data.kind:
        return f"its kind is {about.kind}, not {data.kind}"
    if about.classes != data.classes:
        changed = sorted(set(about.classes) ^ set(data.classes))
        return f"its classes are others ({', '.join(changed[:5]) or 'in another order'})"
    return None if paper.exam.fits(about.input, data) else "its inputs are described otherwise"
