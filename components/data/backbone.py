"""Stage `backbone`: the pretrained network that the workload's recipe begins with, if it does, kept for rebuilds.

backbone.json        what it is, of `backbones/NAME.yaml`; {} where the recipe begins with none
model.safetensors    its tensors, verified
"""

import logging

from components import catalogue
from components.config.backbone import Pretrained, read_pretrained
from components.config.errors import DataError
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.system import entry
from components.system.files import whole_directory, write_json

logger = logging.getLogger(__name__)


def backbone(name: str) -> None:
    """Write the backbone of the workload `name`.

    Raises:
        DataError: no source has it. What `recipe: auto` is does not depend on that: it is the same on every machine.
    """
    workload, data = catalogue.workload(name), open_prepared(artifacts(name, "prepared"))
    supervised = catalogue.is_supervised(data.kind, data.task)
    chosen = workload.train.pretrained_for(data, supervised)
    described: Pretrained | None = read_pretrained(chosen) if chosen else None
    with whole_directory(artifacts(name, "backbone")) as draft:
        if chosen and described:
            from safetensors.torch import save_file  # here: most workloads need neither it nor torch

            from components.data.pretrained import fetch_tensors
            from components.data.tensors import tensors_sha256

            try:
                tensors = fetch_tensors(chosen, described)
            except DataError as error:
                said = workload.train.reason(data, supervised)
                raise DataError(f"{error}{f'; {said}' if said else ''}") from error
            save_file(tensors, draft / "model.safetensors")
            described = _pinned(chosen, described, tensors_sha256(tensors))
        write_json(draft / "backbone.json", described.model_dump(exclude={"sources"}) if described else {})


def _pinned(name: str, described: Pretrained, sha256: str) -> Pretrained:
    """Return the description with the hash of the tensors, which it need not have said before they were there."""
    if described.sha256 is None:
        logger.info(
            "%s: its file is as expected; to pin it, write sha256: %s into backbones/%s.yaml", name, sha256, name
        )
    return described.model_copy(update={"sha256": sha256})


if __name__ == "__main__":
    entry.run(backbone)
