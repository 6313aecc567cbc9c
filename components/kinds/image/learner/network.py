"""The network: a small brother of airbench (Jordan 2024, arXiv:2404.00498), and what the endpoint runs around it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.embedding import Embedding
from components.kinds.image.learner.whitening import Whitening
from components.kinds.unfamiliar import Unfamiliarity

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData


class Network(nn.Module):
    """Whitening, then three stages, each halving the picture, then the largest answer anywhere in it.

    Takes float `[N, channels, H, W]` with H and W at least 8, returns the head's numbers `[N, outputs]`, all as `prior`
    until it has learned. A stage has `depth` convolutions; `fine`: nearly all of them before the halving, which is more
    accurate and three times the work. With a width of 32 and a depth of 2 it has about 290,000 parameters.
    """

    def __init__(self, channels: int, prior: NDArray[np.float32], width: int, depth: int, fine: bool) -> None:
        super().__init__()
        self.whitening = Whitening(channels)
        self.stages = nn.Sequential(
            _stage(8 * channels, width, depth, fine),
            _stage(width, 2 * width, depth, fine),
            _stage(2 * width, 4 * width, depth, fine, last=True),
        )
        self.head = nn.Linear(4 * width, len(prior))
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(torch.from_numpy(prior))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the head's numbers."""
        raw: Tensor = self.head(self.features(pictures))
        return raw

    def features(self, pictures: Tensor) -> Tensor:
        """Return what the head is given, `[N, 4 * width]`."""
        maps: Tensor = self.stages(self.whitening(pictures))
        return maps.amax(dim=(2, 3))

    def with_stages(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return what the head is given, and the mean of each stage's maps, `[N, width]` each."""
        maps, stages = self.whitening(pictures), list[Tensor]()
        for stage in self.stages:
            maps = stage(maps)
            stages.append(functional.adaptive_avg_pool2d(maps, 1).flatten(1))
        return maps.amax(dim=(2, 3)), stages


class Trainable(Protocol):
    """A network that tells what its head is given; a `nn.Module`."""

    head: nn.Linear

    def features(self, pictures: Tensor, /) -> Tensor:
        """Return what the head is given, `[N, features]`."""

    def with_stages(self, pictures: Tensor, /) -> tuple[Tensor, list[Tensor]]:
        """Return that, and the mean of the maps of each stage, `[N, width]` each."""

    def __call__(self, pictures: Tensor, /) -> Tensor:
        """Return the head's numbers `[N, outputs]`."""


class Preprocessing(nn.Module):
    """uint8 `[N, H, W, C]` -> normalised float32 `[N, C, H, W]`.

    `mean` and `std` have one value a channel, in units of the full scale (0 to 1), taken from the training pictures.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the normalised pictures."""
        return (pictures.permute(0, 3, 1, 2).to(torch.float32) / 255.0 - self.mean) / self.std


class Serving(nn.Module):
    """What the endpoint runs: uint8 `[N, H, W, C]` -> the objective's outputs, and the embedding; float32.

    With `unfamiliarity` there is a third output, how unlike training each picture is.

    With two `views` the head's numbers are the mean of the picture's and its mirror image's. Logits are divided by the
    `temperature` last, so that a probability means what it says (`components.kinds.calibration`).
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        network: Trainable,
        objective: "Objective",
        views: int,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.network = network
        self.objective = objective
        self.views = views
        self.temperature = temperature
        self.embedding = Embedding(network.head.in_features)
        self.unfamiliarity: Unfamiliarity | None = None

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs `[N, K]`, the embedding `[N, E]` and, if it is told, how unlike training each is `[N]`."""
        raw, features, stages = self._seen(pictures)
        answered = self.objective.outputs(raw, self.temperature), self.embedding(features)
        return answered if self.unfamiliarity is None else (*answered, self.unfamiliarity(raw, stages))

    def measure_unfamiliarity(self, data: "PreparedData") -> None:
        """Tell from now on how unlike training a picture is, by its stages."""
        logits = self.objective.calibrated
        self.unfamiliarity = Unfamiliarity.measured(data, logits, lambda pictures: self._seen(pictures)[::2])

    def _seen(self, pictures: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the head's numbers, what the head was given, and the stages."""
        seen = self.preprocessing(pictures)
        features, stages = self.network.with_stages(seen)
        raw = self.network.head(features)
        return (raw if self.views == 1 else (raw + self.network(seen.flip(3))) / 2), features, stages

    def raw(self, pictures: Tensor) -> Tensor:
        """Return the head's numbers `[N, width]`, as they were trained."""
        seen = self.preprocessing(pictures)
        raw: Tensor = self.network(seen)
        return raw if self.views == 1 else (raw + self.network(seen.flip(3))) / 2


def _stage(before: int, after: int, depth: int, fine: bool, last: bool = False) -> nn.Sequential:
    """Return `depth` convolutions, those after the first in pairs, each with a way past it, and a halving.

    Fine: they see the picture before it is halved, but in the last stage, where the head takes the largest anyway. Else
    it is halved behind the first one, where the batch norm then costs a quarter; the last time rounds up, so that
    something is left of 8 x 8 pixels.
    """
    pairs, single = divmod(depth - 1, 2)
    first, *norm = _layers(before, after)
    rest = [*(_layers(after, after) if single else []), *(_Residual(after) for _ in range(pairs))]
    halving = nn.MaxPool2d(2, ceil_mode=last)
    if fine:
        return nn.Sequential(first, *norm, *rest, *([] if last else [halving]))
    return nn.Sequential(first, halving, *norm, *rest)


class _Residual(nn.Module):
    """Adds what two convolutions find to what they were given (He et al. 2015, arXiv:1512.03385)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layers(width, width), _convolution(width, width), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        """Return the features, as many as were given."""
        found: Tensor = self.layers(features)
        return (features + found).relu()


def _layers(before: int, after: int) -> list[nn.Module]:
    return [_convolution(before, after), nn.BatchNorm2d(after), nn.ReLU()]


def _convolution(before: int, after: int) -> nn.Conv2d:
    """3 x 3, the size kept; no bias, for the batch norm behind it would take it out again."""
    return nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False)
