"""What is known of a version: what it is, what it was trained from, how good it was, what became of it.

After "Model Cards for Model Reporting" (Mitchell et al. 2019, arXiv:1810.03993), as far as the registry knows.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlflow.entities import Run

from components import catalogue
from components.config.errors import ConfigError
from components.kinds.baseline import PREFIX as BASELINE
from components.kinds.prepared import SPLITS
from components.registry.card.measurements import Measurements
from components.registry.gate import read_verdict
from components.registry.lineage import NONE, PREFIX
from components.registry.promotion.history import Entry
from components.registry.promotion.ledger import Ledger
from components.registry.version import Version
from components.tracking.runs import LEFT_OUT
from components.tracking.store import open_client

FORMAT = 3
"""Of the card."""

_TEST = "test_"
_LEFT_OUT = ("kind", "used.")  # parameters: what the card says elsewhere, what the hardware decided
_MODEL = "used.model"
_MODELS = ("network", "trees", "ease", "joint")
_UNDECIDED = ("auto", "None")
_LINEAGE = (
    "git.commit", "git.head", "parent", "seed", "dvc.source", "dvc.raw", "dvc.prepared", "python", "platform",
    "processor", "device", "packages_sha256", "constraints_sha256", "lineage_sha256",
)  # fmt: skip


def card_contents(version: Version, measured: Measurements | None = None) -> dict[str, Any]:
    """Return what is worth knowing of `version`, as JSON; what the registry does not know is left out.

    `trained` is UTC in ISO 8601; `data.examples` counts them by split, `data.left_out` those of
    none by what is wrong with them; `metrics` are of the test split, the one that
    decides first, each with the baseline's where that was measured. Who moved it is left to the history: the card is
    shown to callers.

    Args:
        version: whose card it is.
        measured: what was found on the test split beyond the metrics.
    """
    client = open_client()
    run = client.get_run(version.run_id)
    tags = version.tags()
    verdict = read_verdict(version)
    known = {
        "format": FORMAT,
        "name": version.workload,
        "version": version.number,
        "description": client.get_registered_model(version.workload).description,
        **_said(version.workload),
        "trained": _moment(run.info.end_time),
        "precision": version.precision,
        "data": _data(tags, run),
        "backbone": _tagged(tags, "backbone"),
        "unlabelled": _tagged(tags, "unlabelled"),
        "metrics": _metrics(run.data.metrics, version.metric),
        "measured": measured.model_dump(mode="json") if measured else None,
        "model": _model(run),
        "parameters": _parameters(run.data.params),
        "verdict": verdict.model_dump(mode="json") if verdict else None,
        "history": [_moved(entry) for entry in Ledger(version.workload).read().entries if _of(entry, version.number)],
        "lineage": _lineage(tags),
        "commit": tags.get(f"{PREFIX}git.commit"),
        "dirty": tags.get(f"{PREFIX}git.dirty") == "true",
        "run": version.run_id,
        "bundle_sha256": version.bundle_sha256,
    }
    return {key: value for key, value in known.items() if value}


def _said(workload: str) -> dict[str, Any]:
    """Return what `params.yaml` says for the card today: words may be mended after a version was made."""
    try:
        return catalogue.workload(workload).card.model_dump()
    except ConfigError:  # a version outlives its section
        return {}


def _moment(milliseconds: int | None) -> str | None:
    return datetime.fromtimestamp(milliseconds / 1e3, UTC).isoformat(timespec="seconds") if milliseconds else None


def _data(tags: Mapping[str, str], run: Run) -> dict[str, Any]:
    return _tagged(tags, "data") | _counts(run)


def _tagged(tags: Mapping[str, str], group: str) -> dict[str, Any]:
    """Return the tags whose names begin alike, by the rest of their names."""
    start = f"{PREFIX}{group}."
    return {key.removeprefix(start): value for key, value in tags.items() if key.startswith(start)}


def _counts(run: Run) -> dict[str, dict[str, int]]:
    """Return how many examples each split had, and how many none; nothing of a run restored without its data set."""
    if not run.inputs or not run.inputs.dataset_inputs:
        return {}
    profile = json.loads(run.inputs.dataset_inputs[0].dataset.profile)
    lost = profile.get(LEFT_OUT)
    return {"examples": {split: profile[split] for split in SPLITS}, **({LEFT_OUT: lost} if lost else {})}


def _metrics(metrics: Mapping[str, float], deciding: str) -> list[dict[str, Any]]:
    tested = {key.removeprefix(_TEST): value for key, value in metrics.items() if key.startswith(_TEST)}
    own = sorted((name for name in tested if not name.startswith(BASELINE)), key=lambda name: (name != deciding, name))
    return [
        {"name": name, "model": tested[name], "baseline": tested.get(BASELINE + name), "decides": name == deciding}
        for name in own
    ]


def _parameters(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if not name.startswith(_LEFT_OUT) and value not in _UNDECIDED}


def _model(run: Run) -> dict[str, Any]:
    """Return which model serves, and what each of several reached on the validation split, which chose."""
    used = run.data.params.get(_MODEL)
    if used is None:
        return {}
    start = f"{used}_validation_"
    watched = next((name.removeprefix(start) for name in run.data.metrics if name.startswith(start)), None)
    if watched is None:
        return {"serves": used}
    reached = {name: run.data.metrics.get(f"{name}_validation_{watched}") for name in _MODELS}
    return {"serves": used, "metric": watched, **{name: value for name, value in reached.items() if value is not None}}


def _of(entry: Entry, number: str) -> bool:
    return number in (entry.left, entry.to)


def _moved(entry: Entry) -> dict[str, Any]:
    when = entry.when.astimezone(UTC).isoformat(timespec="seconds")
    moved = {"number": entry.number, "when": when, "what": entry.what, "from": entry.left, "to": entry.to}
    return moved | {"reason": entry.reason or entry.verdict, "refusals": list(entry.refusals)}


def _lineage(tags: Mapping[str, str]) -> dict[str, str]:
    known = {name: tags.get(PREFIX + name) for name in _LINEAGE}
    return {name: value for name, value in known.items() if value and value != NONE}
