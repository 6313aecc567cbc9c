"""A memory of ordinary patches, as a pretrained network sees them: what is far from all of them is unusual.

Roth et al. 2022, "Towards Total Recall in Industrial Anomaly Detection" (PatchCore, arXiv:2106.08265). A picture's
score is that of its most unusual patch, without their weighting by the neighbours of what is remembered.
"""

from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.embedding import Embedding
from components.kinds.image.learner.network import Preprocessing
from components.kinds.image.learner.pretrained.network import PretrainedNetwork, batch_for, looked_at
from components.kinds.pretrained import read_artifact

if TYPE_CHECKING:
    from components.kinds.contract import Objective

REMEMBERED = 1_000
"""Patches, at most."""

_COARSEST = 16  # pixels from one place of a map to the next; coarser maps know things, not their surfaces
_CANDIDATES = 25_000  # patches that those to be remembered are chosen from, evenly spread
_MEASURED = 1_000  # training pictures, evenly spread
_PROJECTED = 64  # numbers of a patch while the coreset is chosen
_LEAST = 1e-6


class PatchModule(nn.Module):
    """The measured model, and the objective that makes outputs of its suspicion; nothing of it is trained."""

    memory: Tensor
    units: Tensor
    scale: Tensor

    def __init__(
        self, pictures: NDArray[np.uint8], backbone: Path | None, mirrored: bool, objective: "Objective"
    ) -> None:
        """Remember patches of the training pictures `[n, H, W, C]`; `mirrored`: and of their mirror images.

        `backbone` is the folder of what the stage of that name left.

        Raises:
            DataError: the stage `backbone` left none.
        """
        super().__init__()
        described, tensors = read_artifact(backbone)
        self.objective = objective
        self.preprocessing = Preprocessing(described["mean"], described["std"])
        side = looked_at(described["sizes"], pictures.shape[1])
        self.network = PretrainedNetwork(described, side, "head", np.zeros(1, dtype=np.float32)).eval()
        self.network.load(tensors)
        _freeze(self.network)
        self.parts, self.stride = _parts(self.network.strides)
        widths = [self.network.widths[part] for part in self.parts]
        self.register_buffer("units", torch.ones(sum(widths)))
        self.register_buffer("scale", torch.ones(()))
        batches = self._batches(pictures[:: ceil(len(pictures) / _MEASURED)], mirrored)
        count = min(REMEMBERED, ceil(sum(map(_places, batches)) / 10))
        self.register_buffer("memory", torch.zeros(count, sum(widths)))
        self._measure(batches, widths)

    def patches(self, pictures: Tensor) -> Tensor:
        """Return what the network makes of each place and those around it, `[N, D, h, w]`, of uint8 `[N, H, W, C]`."""
        maps = self.network.maps(self.preprocessing(pictures), self.parts)
        fine, coarse = (functional.avg_pool2d(some, 3, 1, 1, count_include_pad=False) for some in maps)
        sized = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return torch.cat([fine, sized], dim=1) / self.units[:, None, None]

    def heat(self, patches: Tensor) -> Tensor:
        """Return how far each of the patches `[N, D, h, w]` is from what is remembered, `[N, h, w]`.

        The largest of an ordinary picture is about 1.
        """
        side = self.network.side // self.stride
        return _distances(patches.permute(0, 2, 3, 1).flatten(0, 2), self.memory).view(-1, side, side) / self.scale

    def serving(self, temperature: float = 1.0) -> "PatchServing":
        """Return what the endpoint runs; a suspicion has no temperature."""
        return PatchServing(self)

    def _batches(self, pictures: NDArray[np.uint8], mirrored: bool) -> list[Tensor]:
        size, found = batch_for(self.network.side), []
        with torch.inference_mode():
            for start in range(0, len(pictures), size):
                batch = torch.from_numpy(np.array(pictures[start : start + size]))
                found += [self.patches(view) for view in ((batch, batch.flip(2)) if mirrored else (batch,))]
        return found

    def _measure(self, batches: list[Tensor], widths: list[int]) -> None:
        """Find the units of the maps, what is remembered, and how far an ordinary picture is from it."""
        rows = torch.cat([batch.permute(0, 2, 3, 1).flatten(0, 2) for batch in batches])
        spread = torch.split(rows.std(dim=0), widths)
        self.units.copy_(torch.cat([block.mean().clamp_min(_LEAST).expand(len(block)) for block in spread]))
        candidates = rows[:: ceil(len(rows) / _CANDIDATES)] / self.units
        self.memory.copy_(candidates[_coreset(candidates, len(self.memory))])
        scores = [self.heat(batch / self.units[:, None, None]).amax(dim=(1, 2)) for batch in batches]
        self.scale.copy_(torch.cat(scores).median().clamp_min(_LEAST))


class PatchServing(nn.Module):
    """What the endpoint runs: uint8 `[N, H, W, C]` -> the objective's outputs, the embedding, and the heat; float32."""

    tells_heat = True

    def __init__(self, module: PatchModule) -> None:
        super().__init__()
        self.module = module
        self.embedding = Embedding(len(module.units))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs `[N, K]`, the embedding `[N, E]`, and how unusual each place is `[N, h, w]`."""
        patches = self.module.patches(pictures)
        heat = self.module.heat(patches)
        outputs = self.module.objective.outputs(_suspicion(heat))
        return outputs, self.embedding(patches.mean(dim=(2, 3))), heat

    def raw(self, pictures: Tensor) -> Tensor:
        """Return the suspicion `[N, 1]`, 0 to 1: one half for a usual picture, higher for one farther off."""
        batches = torch.split(pictures, batch_for(self.module.network.side))
        return torch.cat([_suspicion(self.module.heat(self.module.patches(some))) for some in batches])


def _suspicion(heat: Tensor) -> Tensor:
    far = heat.amax(dim=(1, 2))[:, None]
    return far / (far + 1.0)


def _distances(rows: Tensor, memory: Tensor) -> Tensor:
    """Return the squared distance of each of `[n, D]` from the nearest of `[m, D]`."""
    products = rows @ memory.T
    nearest = (memory.square().sum(dim=1) - 2.0 * products).amin(dim=1)
    return (nearest + rows.square().sum(dim=1)).clamp_min(0.0)


def _coreset(rows: Tensor, count: int) -> Tensor:
    """Return the indices of `count` rows that leave none far from all of them: greedily the farthest next.

    Distances are those along 64 fixed directions, which keep them on average (Johnson and Lindenstrauss 1984).
    """
    directions = torch.randn(rows.shape[1], _PROJECTED, generator=torch.Generator().manual_seed(0))
    points = (rows - rows.mean(dim=0)) @ directions
    squares = points.square().sum(dim=1)
    chosen, distances = list[int](), squares
    while len(chosen) < count:
        farthest = int(distances.argmax())
        chosen.append(farthest)
        to_it = squares + squares[farthest] - 2.0 * (points @ points[farthest])
        distances = to_it if len(chosen) == 1 else torch.minimum(distances, to_it)
    return torch.tensor(chosen)


def _parts(strides: list[int]) -> tuple[list[int], int]:
    """Return the numbers of two parts: the last ones with maps of a stride up to 16 and of half of it.

    And the stride of the finer. `strides`: of each part but the last.
    """
    coarse = max(stride for stride in strides if stride <= _COARSEST)
    last = {stride: number for number, stride in enumerate(strides)}
    return [last[coarse // 2], last[coarse]], coarse // 2


def _places(batch: Tensor) -> int:
    return batch.shape[0] * batch.shape[2] * batch.shape[3]


def _freeze(network: nn.Module) -> None:
    """Have the network without a parameter: what is no parameter is not trained, and is kept all the same."""
    for part in network.modules():
        for name, weights in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, weights.detach())
