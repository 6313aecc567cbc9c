"""The rules: what was measured, and the workload's limits -> rows of the verdict. Nothing is measured here.

Where there is no champion to compare with, what is relative to one is left out. What is absolute holds, but a default
limit of calibration, robustness or behaviour, one that nobody wrote, only warns where it would keep the first version
from work, or a later one that is no worse there than the version at work; so does a baseline that is as good by chance.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from components.config.gate import Behaviours, Better, Calibration, Cost, Gate, Robustness, Slices
from components.config.section import Section
from components.kinds.evaluation import Behaviour, Leak
from components.registry.gate.evidence import (
    CalibrationComparison,
    CorruptedComparison,
    Evidence,
    MetricComparison,
    StatedComparison,
)
from components.registry.gate.statistics import binomial_above, holm, interval, share_below
from components.registry.gate.verdict import Rule

_LEVEL = 0.05  # of tests that have no parameter of their own
_SMALLEST = 1e-6  # units of a loss: what is less is written as 0
_ALONE = "no champion to compare with"


def rules(
    evidence: Evidence, gate: Gate, same_training: bool = False, alone: bool = False, gained: bool = False
) -> Iterator[Rule]:
    """Yield every rule in the order of the table.

    Args:
        evidence: what was measured.
        gate: the workload's limits.
        same_training: both are one training, exported twice: what the new one costs is the user's choice.
        alone: no version is at work.
        gained: the challenger knows a class that the champion does not: it need not be better on the others.
    """
    if gained and gate.better.rule == "better":
        yield not_worse(evidence.overall, gate.slices)
    else:
        yield better(evidence.overall, gate.better)
    overall, other = evidence.overall, evidence.baseline
    whole = MetricComparison(overall.name, evidence.whole, scale=overall.scale)
    before = None if overall.champion is None or other is None else _beats(overall, other, champion=True)
    lenient = alone or before is False
    chance = evidence.chance if lenient and not _written(gate, "baseline") else None
    yield baseline(whole, other, gate.baseline, chance)
    yield from slices(evidence.slices, gate.slices)
    if evidence.stated:
        yield from stated(evidence.stated, gate.calibration, alone)
    else:
        yield from calibration(evidence.calibration, gate.calibration, alone)
    first = all(comparison.found.champion is None for comparison in evidence.unfamiliar)  # that tells them at all
    yield from stated(evidence.unfamiliar, gate.calibration, first, "unfamiliar")
    yield from robustness(evidence.corrupted, gate.robustness, alone)
    yield from behaviours(evidence.behaviours, evidence.before, gate.behaviours, alone)
    yield from cost(evidence.cost, gate.cost, same_training)
    yield from leaks(evidence.leaks, gate.leaks)
    yield validated(evidence.validated)


def better(found: MetricComparison, limits: Better) -> Rule:
    """Hold the challenger to being better by more than chance, or not worse by more than the margin."""
    name = f"{limits.rule.replace('_', ' ')}: {found.name}"
    if found.difference is None:
        return Rule(name=name, challenger=found.challenger, passed=None, note=_ALONE)
    margin = limits.margin * found.scale.unit
    needed = margin if limits.rule == "better" else -margin
    value, level = found.difference.value, 1.0 - limits.confidence
    enough = value > needed if limits.rule == "better" else value >= needed
    return _row(
        name,
        found,
        f"{'improvement ' if found.scale.lower_is_better else ''}above {needed:+.6g} at {limits.confidence:.0%}",
        enough and found.difference.above(needed) <= level,
        _spread(found, limits.confidence),
    )


def not_worse(found: MetricComparison, limits: Slices) -> Rule:
    """Hold a challenger that knows more to losing no more than a slice may on what both know."""
    name, limit = f"not worse: {found.name}", _loses(found, limits.margin)
    if found.difference is None:
        return Rule(name=name, challenger=found.challenger, passed=None, note=_ALONE)
    (lost,) = _worse([found], [True], limits.margin, 1.0 - limits.confidence)
    note = f"{_spread(found, limits.confidence)} on the classes that both know"
    return _row(name, found, limit, not lost, note)


def baseline(found: MetricComparison, other: float | None, wanted: bool, chance: float | None = None) -> Rule:
    """Hold it to being better than a simpler model (ML Test Score, Breck et al. 2017, test Model 5).

    `chance`: by how much it may miss that and only be warned of it. None: by nothing.
    """
    name = f"baseline: {found.name}"
    if other is None or not wanted:
        note = "not asked for" if other is not None else "no baseline was measured"
        return Rule(name=name, challenger=found.challenger, passed=None, note=note)
    passed, lower = _beats(found, other), found.scale.lower_is_better
    lacking = found.challenger - other if lower else other - found.challenger
    warns = not passed and chance is not None and lacking <= chance
    note = "no worse than by chance" if warns else ""
    return _row(name, found, f"{'below' if lower else 'above'} {other:.4g}", passed, note, warns)


def slices(found: Sequence[MetricComparison], limits: Slices) -> Iterator[Rule]:
    """Hold every slice to losing no more than the margin: together at the confidence (Holm), small ones not at all."""
    judged = [_is_known(comparison) and comparison.count >= limits.smallest for comparison in found]
    for comparison, lost in zip(found, _worse(found, judged, limits.margin, 1.0 - limits.confidence), strict=True):
        name, limit = f"slice: {comparison.name}", _loses(comparison, limits.margin)
        if lost is None or comparison.difference is None:
            few = f"{comparison.count} examples, fewer than {limits.smallest}"
            unknown = comparison.difference.remark if comparison.difference else _ALONE
            yield _row(name, comparison, limit, None, few if comparison.count < limits.smallest else unknown)
            continue
        yield _row(name, comparison, limit, not lost, _spread(comparison, limits.confidence))


def calibration(found: CalibrationComparison | None, limits: Calibration, alone: bool = False) -> Iterator[Rule]:
    """Hold probabilities to meaning what they say."""
    if found is None:
        yield Rule(name="calibration", passed=None, note="the model's scores are no probabilities")
        return
    error, brier = found.error, found.brier
    highest = min([limits.error, *([error.champion + limits.error_rise] if error.champion is not None else [])])
    note = f"chance gives {found.chance:.3g}"
    name = f"calibration: {error.name}"
    limit = f"at most {highest:.3g} beyond chance"
    no_worse = error.champion is not None and error.challenger <= error.champion + limits.error_rise
    warns = not _written(limits, "error") and (alone or no_worse)
    yield _row(name, error, limit, error.challenger <= highest + found.chance, note, warns)
    most = found.frequencies if limits.brier is None else limits.brier
    most = min([most, *([brier.champion * limits.brier_ratio] if brier.champion is not None else [])])
    no_worse = brier.champion is not None and brier.challenger <= brier.champion * limits.brier_ratio
    warns = not _written(limits, "brier") and (alone or no_worse)
    yield _row(f"calibration: {brier.name}", brier, f"at most {most:.4g}", brier.challenger <= most, warns=warns)


def stated(
    found: Sequence[StatedComparison], limits: Calibration, alone: bool = False, group: str = "calibration"
) -> Iterator[Rule]:
    """Hold shares that a model states of its answers to being true, within a margin and beyond chance.

    Parts of the test split are held to it together (Holm).
    """
    edges = [_edge(comparison, limits) for comparison in found]
    p_values = [_p_value(comparison, edge) for comparison, edge in zip(found, edges, strict=True)]
    parts = iter(holm([p for comparison, p in zip(found, p_values, strict=True) if comparison.part], _LEVEL))
    for comparison, edge, p_value in zip(found, edges, p_values, strict=True):
        missed = next(parts) if comparison.part else p_value <= _LEVEL
        share, before, least = comparison.found.challenger, comparison.found.champion, comparison.at_least
        no_worse = before is not None and (share >= before if least else share <= before)
        yield _row(
            f"{group}: {comparison.name}",
            comparison.found,
            f"{'at least' if least else 'at most'} {edge:.3g} beyond chance",
            not missed,
            f"{comparison.stated:g} is stated; {comparison.hits:,} of {comparison.found.count:,}",
            warns=not _written(limits, _margin_of(comparison)) and (alone or no_worse),
        )


def robustness(found: Sequence[CorruptedComparison], limits: Robustness, alone: bool = False) -> Iterator[Rule]:
    """Hold the metric on corrupted inputs to the champion's, less the margin, and to what must be left of it."""
    if not found:
        note = "the deciding metric says nothing of corrupted inputs, or there is nothing to corrupt"
        yield Rule(name="robustness", passed=None, note=note)
    comparisons = [corrupted.found for corrupted in found]
    worse = _worse(comparisons, [_is_known(comparison) for comparison in comparisons], limits.margin, _LEVEL)
    for corrupted, lost in zip(found, worse, strict=True):
        comparison, lower = corrupted.found, corrupted.found.scale.lower_is_better
        name, edge = f"robustness: {comparison.name}", _kept(corrupted, limits.kept)
        if not math.isfinite(comparison.challenger) or not math.isfinite(corrupted.uncorrupted):
            yield _row(name, comparison, "", None, f"{comparison.count} corrupted examples have no such metric")
            continue
        limit = f"{'at most' if lower else 'at least'} {edge:.4g}"
        note = f"{corrupted.uncorrupted:.4g} uncorrupted"
        if comparison.difference is not None:
            limit = f"{limit}, {_loses(comparison, limits.margin)}"
            note = f"{note}; {_spread(comparison, 1.0 - _LEVEL)}"
        before, enough = comparison.champion, _reaches(comparison.challenger, edge, lower)
        no_worse = before is not None and not _reaches(before, edge, lower) and not lost
        warns = not _written(limits, "kept") and (alone or no_worse)
        yield _row(name, comparison, limit, enough and not lost, note, warns)


def behaviours(
    found: Sequence[Behaviour], before: Sequence[Behaviour], limits: Behaviours, alone: bool = False
) -> Iterator[Rule]:
    """Hold it to invariance, direction and minimum functionality (CheckList, Ribeiro et al. 2020; Made With ML)."""
    champion = {behaviour.name: behaviour.passed / behaviour.count for behaviour in before if behaviour.count}
    for behaviour in found:
        name, share = f"behaviour: {behaviour.name} ({behaviour.sort})", float(getattr(limits, behaviour.sort))
        if not behaviour.count:
            yield Rule(name=name, passed=None, note="nothing to ask it about")
            continue
        count, failed = behaviour.count, behaviour.count - behaviour.passed
        no_worse = behaviour.name in champion and behaviour.passed / count >= champion[behaviour.name]
        passed = behaviour.passed >= share * count or binomial_above(failed, count, 1.0 - share) > _LEVEL
        yield Rule(
            name=name,
            champion=champion.get(behaviour.name),
            challenger=behaviour.passed / behaviour.count,
            limit=f"at least {share:g}",
            passed=passed,
            warns=not passed and not _written(limits, behaviour.sort) and (alone or no_worse),
            note=f"{behaviour.passed:,} of {behaviour.count:,}",
        )


def cost(found: Sequence[MetricComparison], limits: Cost, same_training: bool) -> Iterator[Rule]:
    """Hold latency, size and memory to a ratio to the champion's."""
    free = {"milliseconds": limits.milliseconds, "megabytes": limits.megabytes, "memory": limits.memory_megabytes}
    ratios = {"milliseconds": limits.latency, "megabytes": limits.size, "memory": limits.memory}
    for comparison in found:
        name = f"cost: {comparison.name}"
        if comparison.champion is None or same_training:
            note = "the same training: section serve decides" if same_training else _ALONE
            yield _row(name, comparison, "", None, note)
            continue
        ratio, enough = ratios[comparison.name], free[comparison.name]
        limit = f"at most {ratio:g} times" + (f", or {enough:g}" if enough else "")
        passed = comparison.challenger <= max(ratio * comparison.champion, enough)
        note = f"{comparison.challenger / comparison.champion:.2f} times" if comparison.champion else ""
        yield _row(name, comparison, limit, passed, note)


def leaks(found: Iterable[Leak], most: float) -> Iterator[Rule]:
    """Hold the test split to not being known from training."""
    for leak in found:
        share = leak.count / leak.of if leak.of else 0.0
        note = f"{leak.count:,} of {leak.of:,}" + (f", {leak.example}" if leak.example else "")
        yield Rule(
            name=f"leak: {leak.name}", challenger=share, limit=f"at most {most:g}", passed=share <= most, note=note
        )


def validated(by: str | None) -> Rule:
    """Hold the training data to having passed validation."""
    if by is None:
        return Rule(name="data: validated", passed=False, note="nothing shows that the training data passed validation")
    return Rule(name="data: validated", passed=True, note=by)


def _beats(found: MetricComparison, other: float, champion: bool = False) -> bool:
    """Return whether the challenger, or the champion, is better than another value of the metric."""
    value = found.champion if champion else found.challenger
    return value is not None and (value < other if found.scale.lower_is_better else value > other)


def _reaches(value: float, limit: float, lower_is_better: bool) -> bool:
    return value <= limit if lower_is_better else value >= limit


def _kept(corrupted: CorruptedComparison, kept: float) -> float:
    """Return what must be left of the metric, `kept` of it; a loss may grow to 1 / `kept` of it."""
    if not corrupted.found.scale.lower_is_better:
        return kept * corrupted.uncorrupted
    return corrupted.uncorrupted / kept if kept else math.inf


def _edge(comparison: StatedComparison, limits: Calibration) -> float:
    """Return the least or the largest share that is no miss."""
    margin = float(getattr(limits, _margin_of(comparison)))
    stated = comparison.stated
    return max(0.0, stated - margin) if comparison.at_least else min(1.0, stated * margin)


def _margin_of(comparison: StatedComparison) -> str:
    """Return the key of the limit."""
    if not comparison.at_least:
        return "alerts"
    return "slice_coverage" if comparison.part else "coverage"


def _p_value(comparison: StatedComparison, edge: float) -> float:
    """Return the p-value of: the true share misses the limit."""
    count, calibrated_on = comparison.found.count, comparison.calibrated_on
    if comparison.at_least:
        return share_below(comparison.hits, count, edge, calibrated_on)
    return share_below(count - comparison.hits, count, 1.0 - edge, calibrated_on)


def _worse(found: Sequence[MetricComparison], judged: Sequence[bool], margin: float, level: float) -> list[bool | None]:
    """Return which of them are worse by more than the margin, all together at `level`; None: not judged."""
    p_values = [
        comparison.difference.below(-margin * comparison.scale.unit)
        for comparison, judge in zip(found, judged, strict=True)
        if judge and comparison.difference
    ]
    stand = iter(holm(p_values, level))
    return [next(stand) if judge else None for judge in judged]


def _row(
    name: str, comparison: MetricComparison, limit: str, passed: bool | None, note: str = "", warns: bool = False
) -> Rule:
    """Return a row; `warns`: where it is not passed, it does not refuse."""
    both = {"champion": comparison.champion, "challenger": comparison.challenger}
    found = {who: value if value is not None and math.isfinite(value) else None for who, value in both.items()}
    return Rule(
        name=name,
        **found,
        limit=limit,
        passed=passed,
        warns=warns and passed is False,
        note=note,
        lower_is_better=comparison.scale.lower_is_better,
    )


def _written(limits: Section, name: str) -> bool:
    """Return whether the user wrote this limit in `params.yaml`."""
    return name in limits.model_fields_set


def _is_known(found: MetricComparison) -> bool:
    """Return whether there is a difference, and it can be told from chance."""
    return found.difference is not None and found.difference.known


def _loses(found: MetricComparison, margin: float) -> str:
    return f"loses at most {margin * found.scale.unit:.4g}"


def _spread(found: MetricComparison, confidence: float) -> str:
    """Return the difference in words, with its interval; of a loss it is said that above 0 is better."""
    difference, lower = found.difference, found.scale.lower_is_better
    assert difference is not None
    written, smallest = (".4g", _SMALLEST * found.scale.unit) if lower else (".4f", 0.0)
    value, low, high = (
        f"{number if abs(number) >= smallest else 0.0:+{written}}"
        for number in (difference.value, *interval(difference, confidence, found.scale.reach))
    )
    bounds = f" ({low} to {high})" if difference.known else ""
    remark = f"; {difference.remark}" if difference.remark else ""
    return f"{'improvement ' if lower else ''}{value}{bounds}{remark}"
