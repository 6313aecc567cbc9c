"""Whether two versions can be held against each other: both must be able to answer today's test split."""

from dataclasses import replace

from components import catalogue
from components.config.errors import BundleError, RegistryError
from components.inference.bundle import Bundle
from components.registry.gate.classes import Change, InTodaysClasses, changed, class_rules
from components.registry.gate.predictions import EvaluationSpec, Predictions, predict
from components.registry.gate.verdict import Rule
from components.registry.version import Version

CHAMPION = "comparable: champion"
"""Name of the row that says why the champion was not measured."""
CHALLENGER = "comparable: challenger"
"""Name of the row that says why the challenger was not."""


def champion_beside(
    challenger: Version, current: Version | None, spec: EvaluationSpec
) -> tuple[Predictions | None, Change | None, list[Rule]]:
    """Return the champion's answers, how its classes differ from today's, and what has to be said of both.

    One that was made for other inputs than today's cannot answer today's test split, nor go on for long: the
    challenger has to show what is absolute. One of other classes is compared with on those that both know. One whose
    bundle is lost refuses: its loss may be a passing one.
    """
    if current is None:
        return None, None, []
    try:
        bundle = InTodaysClasses(current.bundle(), spec.data.classes)
    except (RegistryError, BundleError) as error:
        note = f"{error}; bring it back, or promote by hand"
        return None, None, [Rule(name=CHAMPION, champion=current.value, passed=False, note=note)]
    if (reason := _other_inputs(bundle, spec)) is not None:
        note = f"version {current.number} was made for other data: {reason}"
        return None, None, [Rule(name=CHAMPION, champion=current.value, passed=None, note=note)]
    change = changed(bundle.about.classes, spec.data, spec.gate.slices.smallest)
    rows = class_rules(change, challenger.workload, current.number, challenger.number)
    if not change.known.any():
        return None, change, rows
    theirs = predict(spec, bundle)
    return (replace(theirs, known=change.known) if not change.known.all() else theirs), change, rows


def unfit(bundle: Bundle, spec: EvaluationSpec) -> str | None:
    """Return why the bundle cannot answer today's test split, if so."""
    about, data = bundle.about, spec.data
    if about.kind == data.kind and about.classes != data.classes:
        changed = sorted(set(about.classes) ^ set(data.classes))
        return f"its classes are others ({', '.join(changed[:5]) or 'in another order'})"
    return _other_inputs(bundle, spec)


def _other_inputs(bundle: Bundle, spec: EvaluationSpec) -> str | None:
    """Return why the bundle does not take today's examples, if so."""
    about, data = bundle.about, spec.data
    if about.kind != data.kind:
        return f"its kind is {about.kind}, not {data.kind}"
    theirs, ours = catalogue.task(about.kind, about.task), catalogue.task(data.kind, data.task)
    if theirs != ours:
        return f"its task is {theirs}, not {ours}"
    return None if spec.evaluation.accepts(about.input, data) else "its inputs are described otherwise"
