"""The models of a plan: what serves, its other precision, and registered versions, each with its endpoint measured."""

from collections.abc import Sequence
from pathlib import Path

from components.config.errors import ConfigError
from components.config.params import Workload
from components.config.settings import artifacts
from components.inference.bundle import bundle_hash, read_about
from components.inference.code import code_hash
from components.inference.sample_requests import requests
from components.kinds.prepared import PreparedData
from components.plan.contents import Made
from components.plan.fleet import Model
from components.plan.past import Past
from components.plan.predicted import predictor
from components.plan.probe import Probe, kept_probe, probe
from components.registry.cost import COST
from components.registry.version import BUNDLE_HASH, get_version
from components.registry.versions import with_tags
from components.system.files import read_json, write_json
from components.tracking.store import open_client
from components.training.served import Precision, bundle_path, made, read_served
from flows import console

ROWS = 200
"""Examples of the test split that an endpoint is asked about, in turn."""
MOST = 20
"""Registered versions that are shown."""
_QUANTIZES = "export"


def plan_models(
    workload: str,
    section: Workload,
    data: PreparedData,
    known: Past,
    metric: str,
    versions: Sequence[str],
    folder: Path,
    again: bool,
) -> list[Model]:
    """Return the models, what serves first; what was measured is kept in `folder`, and measured anew if `again`."""
    served = read_served(workload).precision
    reached = read_json(artifacts(workload, "report") / "precisions.json")
    models = []
    for precision in sorted(made(workload), key=lambda each: each != served):
        path = bundle_path(workload, precision)
        if precision == served or not _same_model(workload, precision, served):
            export = next((stage.cpu for stage in known.stages if stage.part == _QUANTIZES), None)
            found = _probed(path, section, data, folder, again)
            value = reached.get(f"{precision}_{metric}")
            models.append(Model(precision, found, predictor(found), value, 0.0 if precision == served else export))
    for number in versions:
        version = get_version(workload, number)
        tags = version.tags()
        cpu = float(tags[f"{COST}cpu_seconds"]) if f"{COST}cpu_seconds" in tags else None
        found = _probed(version.bundle(), section, data, folder, again)
        models.append(Model(f"version {number}", found, predictor(found), version.value, cpu))
    return models


def _same_model(workload: str, *precisions: Precision) -> bool:
    """Return whether no layer gained by another precision, so that the bundles have one graph."""
    return len({read_about(bundle_path(workload, precision)).model_sha256 for precision in precisions}) == 1


def _probed(path: Path, section: Workload, data: PreparedData, folder: Path, again: bool) -> Probe:
    kept = folder / f"{bundle_hash(path)[:12]}-{code_hash()[:8]}.json"
    if not again and (found := kept_probe(kept)):
        return found
    rows = requests(read_about(path), data, range(min(ROWS, data.counts["test"])))
    if not rows:
        raise ConfigError(f"{path}: takes other inputs than the data that is prepared now, so that it cannot be asked")
    console.print_report(f"measuring the endpoint of {path}, a minute")
    measured = probe(path, rows, section.serve.start_timeout)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, measured.to_json())
    return measured


def number_of(bundle: Path) -> str:
    """Return the latest registered version of the bundle; empty: there is none."""
    digest = bundle_hash(bundle)
    name = read_about(bundle).workload
    found = with_tags(name, BUNDLE_HASH)
    return next((version.number for version, _ in found if version.bundle_sha256 == digest), "")


def made_versions(workload: str) -> list[Made]:
    """Return what each registered version reached and took, as far as both are known; the latest first."""
    client = open_client()
    found = []
    for version, tags in with_tags(workload, f"{COST}cpu_seconds")[:MOST]:
        recipe = client.get_run(version.run_id).data.params.get("recipe", "")
        said = " ".join(filter(None, [recipe, version.precision]))
        found.append(Made(version.number, version.value, float(tags[f"{COST}cpu_seconds"]), said))
    return found
