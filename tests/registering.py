"""What `flows.train` does after its stages, for tests and their scripts, and versions that need no training."""

import onnx

from components.config.settings import artifacts
from components.inference.bundle import ABOUT, MODEL
from components.registry.gate import Rule, Verdict, judge
from components.registry.promotion import Outcome, promote, reconciled_champion
from components.registry.register import register
from components.registry.version import Version
from components.system.files import read_json, sha256, write_json


def registered(workload: str) -> Outcome:
    return promoted(register(workload)[0])


def promoted(version: Version) -> Outcome:
    """Promote the version if its registered metric is the higher one, whatever the gate would find."""
    return promote(version, verdict(version, reconciled_champion(version.workload)), "a test")


def evaluated(version: Version) -> Outcome:
    """Let the gate decide."""
    return promote(version, judge(version, reconciled_champion(version.workload)), "a test")


def verdict(challenger: Version, current: Version | None) -> Verdict:
    number, before = challenger.number, current.number if current else None
    better = current is None or challenger.value > current.value
    reason = f"version {number} replaces version {before}" if before else f"version {number} is the first champion"
    return Verdict(
        workload=challenger.workload,
        challenger=number,
        champion=before,
        rules=(Rule(name="better", passed=better),),
        passed=better,
        reason=reason if better else f"version {before} stays, version {number} is not better",
    )


def variant(workload: str, name: str, value: float) -> Version:
    """Register the stages' bundle under another hash, with `value` as its accuracy."""
    bundle, report = artifacts(workload, "bundle"), artifacts(workload, "report") / "metrics.json"
    model = onnx.load(bundle / MODEL)
    model.doc_string = name
    onnx.save(model, bundle / MODEL)
    write_json(bundle / ABOUT, read_json(bundle / ABOUT) | {"model_sha256": sha256(bundle / MODEL)})
    write_json(report, read_json(report) | {"accuracy": value})
    return register(workload)[0]
