"""EfficientNet-Lite: a network of inverted bottlenecks without squeeze-and-excitation, its numbers at most 6.

Tan and Le 2019, "EfficientNet" (arXiv:1905.11946); the variant Lite is that of
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
"""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import accumulate
from operator import mul
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from components.kinds.image.learner.pretrained.parts import Parts

_LAST = 3  # two stages of blocks, and the last convolution
_EPSILON = 1e-3  # of the batch norms, as in TensorFlow


def efficientnet_lite(network: Mapping[str, Any]) -> Parts:
    """Return the network with fresh weights, which gives maps `[N, head, H / 32, W / 32]`.

    Args:
        network: `stem`, `stages` and `head` of a description in `backbones/`.
    """
    stages, before = network["stages"], network["stem"]
    parts: OrderedDict[str, nn.Module] = OrderedDict(stem=_Layer(3, before, kernel=3, stride=2))
    for index, stage in enumerate(stages, start=1):
        parts[f"stage{index}"] = _stage(before, stage)
        before = stage["width"]
    parts["head"] = _Layer(before, network["head"])
    widths = [network["stem"], *(stage["width"] for stage in stages), network["head"]]
    strides = list(accumulate((stage["stride"] for stage in stages), mul, initial=2))
    return Parts(nn.Sequential(parts), widths, strides, _LAST)


def _stage(before: int, stage: Mapping[str, Any]) -> nn.Sequential:
    blocks = []
    for index in range(stage["repeats"]):
        stride = 1 if index else stage["stride"]
        blocks.append(_Block(before, stage["width"], stage["kernel"], stride, stage["expand"]))
        before = stage["width"]
    return nn.Sequential(*blocks)


class _Block(nn.Module):
    """An inverted bottleneck (Sandler et al. 2018, arXiv:1801.04381)."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        inside = before * expand
        self.expand = nn.Identity() if expand == 1 else _Layer(before, inside)
        self.depthwise = _Layer(inside, inside, kernel, stride, groups=inside)
        self.project = _Layer(inside, after, bounded=False)
        self.passed_on = stride == 1 and before == after

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps `[N, after, H / stride, W / stride]`."""
        found: Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + found if self.passed_on else found


class _Layer(nn.Module):
    """A convolution, its batch norm, and where `bounded` a ReLU up to 6.

    Where it halves a picture of even size, what is missing is added below and on the right alone, as TensorFlow does.
    """

    def __init__(
        self, before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1, bounded: bool = True
    ) -> None:
        super().__init__()
        missing = kernel - stride
        first = missing // 2
        self.padding = nn.ZeroPad2d((first, missing - first) * 2) if stride > 1 else nn.Identity()
        padding = 0 if stride > 1 else kernel // 2
        self.convolution = nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False)
        self.norm = _Norm(after, eps=_EPSILON)
        self.activation = nn.ReLU6() if bounded else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps `[N, after, H / stride, W / stride]`."""
        found: Tensor = self.activation(self.norm(self.convolution(self.padding(maps))))
        return found


class _Norm(nn.BatchNorm2d):
    """A batch norm by the statistics of the pictures that it was trained on before: few pictures tell none."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps, standardised channel by channel."""
        statistics = (self.running_mean, self.running_var)
        return functional.batch_norm(maps, *statistics, self.weight, self.bias, training=False, eps=self.eps)
