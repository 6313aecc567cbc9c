"""A Gaussian of ordinary pictures, measured in one go: what lies far from it is unusual. No label is asked."""

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.embedding import Embedding
from components.kinds.gaussian import Gaussian
from components.kinds.image.learner.descriptors import Descriptors

if TYPE_CHECKING:
    from components.kinds.contract import Objective

_MEASURED = 5_000  # training pictures, evenly spread
_BATCH_VALUES = 5_000_000  # of pictures that are looked at at a time
_LIGHT = 10  # levels of 255 that a picture may be lighter or darker, and is as usual


class GaussianModule(nn.Module):
    """The measured model, and the objective that makes outputs of its suspicion; nothing of it is trained."""

    def __init__(self, pictures: NDArray[np.uint8], mirrored: bool, objective: "Objective") -> None:
        """Measure the training pictures `[n, H, W, C]`; `mirrored`: and their mirror images, which mean the same."""
        super().__init__()
        self.objective = objective
        self.descriptors = Descriptors(*pictures.shape[1:3])
        widths = [block.shape[1] for block in self.descriptors.blocks(torch.from_numpy(np.array(pictures[:1])))]
        self.gaussian = Gaussian(sum(widths))
        self.gaussian.measure(_described(self.descriptors, pictures, mirrored), widths)

    def serving(self, temperature: float = 1.0) -> "GaussianServing":
        """Return what the endpoint runs; a suspicion has no temperature."""
        return GaussianServing(self)


class GaussianServing(nn.Module):
    """What the endpoint runs: uint8 `[N, H, W, C]` -> the objective's outputs, and the embedding; float32."""

    def __init__(self, module: GaussianModule) -> None:
        super().__init__()
        self.descriptors, self.gaussian, self.objective = module.descriptors, module.gaussian, module.objective
        self.embedding = Embedding(len(self.gaussian.mean))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs `[N, K]` and the embedding `[N, E]`."""
        standard = self.gaussian(self.descriptors(pictures))
        return self.objective.outputs(_suspicion(standard)), self.embedding(standard)

    def raw(self, pictures: Tensor) -> Tensor:
        """Return the suspicion `[N, 1]`, 0 to 1: one half for a usual picture, higher for one farther off."""
        return _suspicion(self.gaussian(self.descriptors(pictures)))


def _suspicion(standard: Tensor) -> Tensor:
    far = (standard**2).mean(dim=1, keepdim=True)
    return far / (far + 1.0)


def _described(descriptors: Descriptors, pictures: NDArray[np.uint8], mirrored: bool) -> Tensor:
    """Return the features `[copies, n, D]` of some pictures, batch by batch, each as it may be seen as well."""
    some = pictures[:: ceil(len(pictures) / _MEASURED)]
    size = max(1, _BATCH_VALUES // some[0].size)
    found = []
    with torch.no_grad():
        for start in range(0, len(some), size):
            batch = torch.from_numpy(np.array(some[start : start + size]))
            seen = [batch, batch.flip(2)] if mirrored else [batch]
            found.append(torch.stack([descriptors(lit) for view in seen for lit in _lit(view)]))
    return torch.cat(found, dim=1)


def _lit(pictures: Tensor) -> list[Tensor]:
    """Return the pictures as they are, a little darker, and a little lighter: light is never quite the same."""
    return [(pictures.to(torch.int16) + by).clamp(0, 255).to(torch.uint8) for by in (0, -_LIGHT, _LIGHT)]
