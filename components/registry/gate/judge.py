"""Judge a challenger against the version at work, both measured now, and keep the verdict on its version.

A verdict is remembered: the same two bundles, data and limits are not measured again.
"""

import hashlib
import json
import logging
from pathlib import Path

from components import catalogue
from components.config.gate import Gate
from components.config.params import Workload
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.baseline import PREFIX as BASELINE
from components.kinds.baseline import limit_threads
from components.kinds.formatting import number
from components.kinds.prepared import PreparedData, open_prepared
from components.registry.gate import record
from components.registry.gate.comparable import CHALLENGER, champion_beside, unfit
from components.registry.gate.cross_validated import cross_validated_rules, fold_predictions
from components.registry.gate.measure import measure
from components.registry.gate.predictions import EvaluationSpec, predict
from components.registry.gate.rules import rules
from components.registry.gate.verdict import Rule, Verdict, decided
from components.registry.version import Version
from components.system.files import read_json
from components.versioning import lock

logger = logging.getLogger(__name__)

_EDITION = 9
"""Of the rules and of how they measure: a verdict of another edition is not remembered."""


def judge(challenger: Version, current: Version | None) -> Verdict:
    """Return whether `challenger` may become champion in place of `current`, and store the verdict on its version.

    Nothing is measured where the challenger is at work already, or where this has been judged before.

    Raises:
        RegistryError: the challenger's own bundle is gone.
    """
    if current is not None and current.number == challenger.number:
        return _verdict(challenger, current, [], f"version {current.number} is champion already")
    workload = catalogue.workload(challenger.workload)
    key = _key(challenger, current, workload)
    if (known := record.recall(challenger, key)) is not None:
        return known
    verdict = _evaluate(challenger, current, workload)
    record.keep(challenger, verdict, key)
    logger.log(logging.WARNING if verdict.warnings else logging.INFO, "%s: %s", challenger.workload, verdict.reason)
    return verdict


def _evaluate(challenger: Version, current: Version | None, workload: Workload) -> Verdict:
    name, spec = challenger.workload, _evaluation_spec(challenger, current, workload)
    bundle = Bundle(challenger.bundle())
    if (reason := unfit(bundle, spec)) is not None:
        return _verdict(challenger, current, [Rule(name=CHALLENGER, passed=False, note=reason)])
    with limit_threads(workload.train):  # small sums in a loop: more threads would only wait for each other
        ours = predict(spec, bundle)
        theirs, change, obstacle = champion_beside(challenger, current, spec)
        same = _same_training(challenger, current)
        folds, told = (None, []) if same else fold_predictions(challenger, current, ours, theirs)
        evidence = measure(ours, theirs, _baseline(name, spec.metric), _validated(name, spec.data), folds)
    gained = change is not None and bool(change.gained)
    judged = list(rules(evidence, spec.gate, same, alone=current is None, gained=gained))
    found = [*obstacle, *told, *(cross_validated_rules(judged) if folds else judged)]
    return _verdict(challenger, current, found, _headline(challenger, current, found))


def _verdict(challenger: Version, current: Version | None, found: list[Rule], headline: str = "") -> Verdict:
    number = current.number if current else None
    return decided(challenger.workload, challenger.number, number, found, headline)


def _evaluation_spec(challenger: Version, current: Version | None, workload: Workload) -> EvaluationSpec:
    data = open_prepared(artifacts(challenger.workload, "prepared"))
    evaluation = catalogue.evaluation(data.kind, data.task)
    return EvaluationSpec(
        evaluation=evaluation,
        data=data,
        config=workload.train,
        gate=_limits(workload, data, _same_training(challenger, current)),
        metric=evaluation.metric(data, workload.train),
    )


def _same_training(challenger: Version, current: Version | None) -> bool:
    return current is not None and current.run_id == challenger.run_id


def _limits(workload: Workload, data: PreparedData, same_training: bool) -> Gate:
    """Return the limits of the workload, what is ordinary for its recipe among them.

    Those of one training that was exported anew: `evaluate` chose by `serve.margin`, not by chance.
    """
    if not same_training:
        ordinary = catalogue.decided(workload, data).train.ordinary_cost(data.input)
        return workload.gate.model_copy(update={"cost": workload.gate.cost.sensible(ordinary)})
    better = {"rule": "not_worse", "margin": workload.serve.margin, "confidence": 0.5}
    return workload.gate.model_copy(update={"better": workload.gate.better.model_copy(update=better)})


def _headline(challenger: Version, current: Version | None, found: list[Rule]) -> str:
    """Return what to say of a challenger that no rule refuses."""
    if current is None:
        return f"version {challenger.number} is the first champion"
    replaces = f"version {challenger.number} replaces version {current.number}"
    if _same_training(challenger, current):
        replaces = f"{replaces}, the same training in {challenger.precision}"
    first = next(rule for rule in found if rule.group in ("better", "not worse"))
    reached = f"{first.name.partition(': ')[2]} {'unknown' if first.challenger is None else number(first.challenger)}"
    if first.champion is None:
        return f"{replaces}, which cannot be compared with: {reached}"
    return f"{replaces}: {reached} against {number(first.champion)}, {first.note}"


def _baseline(name: str, metric: str) -> float | None:
    """Return what `evaluate` found the baseline to reach on today's test split."""
    try:
        value: float | None = read_json(artifacts(name, "report") / "metrics.json").get(f"{BASELINE}{metric}")
    except OSError:
        return None
    return value


def _validated(name: str, data: PreparedData) -> str | None:
    """Return what shows that today's prepared data, on which the stages trained the challenger, passed validation."""
    report: Path = data.path / "report.json"  # `prepare` leaves none where more is wrong than its limits allow
    made = lock.hashes(f"prepare@{name}").get(str(data.path))
    train = lock.stages(name).get("train")
    trained = train.deps.get(str(data.path)) if train else None
    if not report.exists() or made != trained:
        return None
    return "prepare kept to its limits" + (f", data {made[:8]}" if made else "")


def _key(challenger: Version, current: Version | None, workload: Workload) -> str | None:
    """Return what the verdict depends on, as one hash; None where DVC does not know the data."""
    name = challenger.workload
    data = lock.hashes(f"prepare@{name}").get(str(artifacts(name, "prepared")))
    if data is None:
        return None
    limits = {part: getattr(workload, part).model_dump(mode="json") for part in ("gate", "train", "serve")}
    limits["written"] = workload.gate.model_dump(mode="json", exclude_unset=True)  # a written limit refuses the first
    both = [challenger.bundle_sha256, current.bundle_sha256 if current else None, challenger.run_id]
    baseline = _baseline(name, _evaluation_spec(challenger, current, workload).metric)
    folds = sorted(lock.hashes(f"cross_validate@{name}").items())
    content = [_EDITION, *both, current.run_id if current else None, data, limits, baseline, folds]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
