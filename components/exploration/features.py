"""What examples are compared by: the champion's embedding, else a backbone's features, else measured ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.config.backbone import read_backbone
from components.config.errors import DataError
from components.config.params import Workload
from components.inference.bundle import Bundle
from components.kinds.contract.exploration import Exploration

BACKBONE = "efficientnet-lite0"
"""Where the workload's recipe begins with none."""

By = Literal["champion", "backbone", "simple"]


@dataclass(frozen=True)
class Features:
    """Of N examples."""

    values: NDArray[np.float32]
    """`[N, D]`; only directions and distances mean something."""
    said: str
    """Which, in a sentence."""


def champion_features(bundle: Bundle, version: str, inputs: NDArray[np.uint8]) -> Features | None:
    """Return the embedding of the champion; None: its graph does not tell, or says the same of all."""
    found = bundle.embedding(inputs)
    if found is None or not np.ptp(found, axis=0).any():
        return None
    return Features(found, f"compared by the embedding of the champion, version {version}")


def other_features(
    kind: Exploration, inputs: NDArray[np.uint8], workload: Workload, backbone: Path, by: By | None
) -> Features:
    """Return the features of a backbone, or where no source has it those that are measured.

    Args:
        kind: how the examples are described.
        inputs: `[N, ...]`.
        workload: whose recipe may begin with a backbone.
        backbone: what the stage of that name left, if it ran.
        by: `simple`: no backbone is asked for. `backbone`: nothing else will do.

    Raises:
        DataError: by a backbone alone, and no source has it.
    """
    if by == "simple":
        return Features(kind.simple_features(inputs), "compared by measured edges and colours, as asked for")
    name = workload.train.pretrained() or BACKBONE
    try:
        return _of_backbone(kind, inputs, name, backbone)
    except DataError as error:
        if by == "backbone":
            raise
        said = f"compared by measured edges and colours, since there is no backbone: {error}"
        return Features(kind.simple_features(inputs), said)


def _of_backbone(kind: Exploration, inputs: NDArray[np.uint8], name: str, folder: Path) -> Features:
    from safetensors.torch import load_file  # here: where a champion tells, torch is not needed

    from components.data.pretrained import fetch_tensors

    described = read_backbone(name)
    left = folder / "model.safetensors"
    tensors = load_file(left) if left.exists() else fetch_tensors(name, described)
    features = kind.backbone_features(inputs, described.model_dump(), tensors)
    return Features(
        features, f"compared by the features of {described.title}, which learned from {described.learned_from}"
    )
