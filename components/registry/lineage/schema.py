"""Lineage: what a version was made of, as its tags and its artifact `lineage.json`; docs/registry.md documents both."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from components.tracking.environment import Environment
from components.versioning.lock import Stage
from components.versioning.stages import RESOLVE

PREFIX = "journeyman."
LINEAGE = "lineage.json"
"""The artifact of a version."""
BENTO = f"{PREFIX}bento"
"""Tag of a version that has been packaged: its Bento."""
NONE = "none"
"""What is said where there is nothing to name."""

Said = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(_Part):
    """Where the code and the parameters are."""

    commit: Said
    """The private commit; the user's own, if nothing differs from it."""
    head: Said
    """The user's commit that it stands on; `none` in a repository without one."""
    ref: Said
    """What keeps the private commit."""
    remote: Said
    """Where the ref was pushed to, or `none`."""
    folder: str
    """Where in the repository the project lies: empty, or a path that ends in a slash."""
    changed: tuple[str, ...]
    """Files that differ from `head`, from the repository's root; DVC's record is left out."""


class Data(_Part):
    """What it learned from."""

    title: Said
    licence: str
    homepage: str
    source: Said
    """DVC's hash of what `ingest` read."""
    raw: Said
    """DVC's hash of the raw records: what a rebuild starts from."""


class Pretrained(_Part):
    """The network that the training began with."""

    title: Said
    licence: str
    homepage: str
    learned_from: str
    """The data that it was trained on before."""
    sha256: Said
    """Of its tensors."""


class Unlabelled(_Part):
    """The examples without labels beside those that it learned from, and what they were worth."""

    folder: Said
    """As the section named it; of the prediction log, that in words."""
    sha256: Said
    """Of the hashes of its files, sorted."""
    count: int
    """Of those that were not left out."""
    kept: bool
    """Whether the model that learned from them is the one that was kept."""
    validated_on: int
    """Labelled examples of the validation split; the other figures are parts of them that were answered rightly."""
    alone: float
    """Of the model of labels alone."""
    alone_low: float
    """Bounds of 95 %."""
    alone_high: float
    both: float
    """Of the model that learned from both."""
    both_low: float
    both_high: float


class Lineage(_Part):
    """What a version was made of."""

    format: Literal[1] = 1
    workload: Said
    code: Code
    data: Data
    stages: dict[str, Stage]
    """In the order of their work: command, parameters, and DVC's hashes of what each took and made."""
    parameters: dict[str, Any]
    """The workload's section of `params.yaml`, its defaults filled in, and what it leaves to the data decided."""
    seed: int
    used: Annotated[dict[str, str | int | bool], Field(min_length=1)]
    """What each `auto` of the training came to: accelerator, devices, precision, layout, compile, threads, recipe."""
    environment: Environment
    """Of the training."""
    constraints_sha256: Said
    mlflow_run: Said
    """The run that trained it."""
    flow_run: Said
    """The Prefect flow run that registered it, or `none`."""
    bundle_sha256: Said
    extensions: tuple[str, ...] = ()
    """The installed packages that kind and task are of, as pip names them; none: both are built in."""
    backbone: Pretrained | None = None
    """The pretrained network that it began with; none: it began with fresh weights."""
    unlabelled: Unlabelled | None = None
    """Pictures without labels, if it was tried to learn from any."""
    launched: dict[str, str] | None = None
    """Who started the training's processes (launcher, job, the first one's host); none: the stage did."""
    serving_code_sha256: Said
    """The code that its Bento carries; the Bento's tag ends with the first eight digits."""
    parent: Said
    """The version at work when this one was registered: what it was trained to replace. `none`: it is the first."""

    def to_json(self) -> str:
        """Return it as JSON; the same lineage gives the same bytes."""
        later = ("extensions", "backbone", "unlabelled", "launched")  # versions from before there were any say none
        left_out = {name for name in later if not getattr(self, name)}
        return json.dumps(self.model_dump(mode="json", exclude=left_out), indent=2, ensure_ascii=False) + "\n"

    def tags(self) -> dict[str, str]:
        """Return what of it is worth searching for, as the version's tags."""
        artifacts_of = f"artifacts/{self.workload}/"
        stages = {name: stage for name, stage in self.stages.items() if name != RESOLVE}  # others' inputs tell of it
        outs = {path: md5 for stage in stages.values() for path, md5 in stage.outs.items()}
        data, environment = self.data.model_dump(), self.environment
        said = {
            "lineage_sha256": _digest(self.to_json()),
            **{f"git.{name}": getattr(self.code, name) for name in ("commit", "head", "ref", "remote")},
            "git.dirty": str(bool(self.code.changed)).lower(),
            **{f"data.{name}": data[name] for name in ("title", "licence", "homepage")},
            **({"extensions": ", ".join(self.extensions)} if self.extensions else {}),
            **({f"backbone.{name}": said for name, said in self.backbone} if self.backbone else {}),
            **{f"unlabelled.{name}": said for name, said in self._without_labels().items()},
            **{f"launched.{name}": said for name, said in (self.launched or {}).items()},
            "dvc.source": data["source"],
            **{f"dvc.{path.removeprefix(artifacts_of)}": md5 for path, md5 in outs.items()},
            **{f"inputs.{name}": _inputs(stage) for name, stage in stages.items()},
            "parameters_sha256": _digest(json.dumps(self.parameters, sort_keys=True)),
            "seed": str(self.seed),
            **{f"used.{name}": str(value) for name, value in self.used.items()},
            **{name: getattr(environment, name) for name in ("python", "platform", "processor", "device")},
            "processor.features": " ".join(environment.features),
            "packages_sha256": environment.packages_sha256,
            **{name: getattr(self, name) for name in ("constraints_sha256", "serving_code_sha256")},
            **{name: getattr(self, name) for name in ("mlflow_run", "flow_run", "parent")},
        }
        return {f"{PREFIX}{name}": value for name, value in said.items() if value}

    def _without_labels(self) -> dict[str, str]:
        found = self.unlabelled.model_dump(mode="json") if self.unlabelled else {}
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}


def _inputs(stage: Stage) -> str:
    """Return one hash for all that the stage depended on."""
    return _digest(json.dumps([stage.cmd, stage.deps, stage.params], sort_keys=True, default=str))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
