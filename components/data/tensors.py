"""The tensors of a pretrained network by this project's names, whoever wrote the file, and their SHA-256.

The hash goes over the tensors in the order of their names: of each name, type and shape in one line, then its bytes. So
a `.pth` file, one of safetensors and one of another library are the same where they hold the same numbers.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from components.config.backbone import Network
from components.config.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

_NORM = ("weight", "bias", "running_mean", "running_var")


def canonical(tensors: "Mapping[str, Tensor]", network: Network) -> "dict[str, Tensor]":
    """Return the tensors that the network takes, by this project's names.

    Read are the names of this project, of the package efficientnet_lite_pytorch, and of timm; classifiers are left out.

    Raises:
        DataError: the file has tensors of another network.
    """
    ours = list(_names(network))
    for theirs in (ours, list(_package_names(network)), list(_timm_names(network))):
        if all(name in tensors for name in theirs):
            return {own: tensors[name].contiguous() for own, name in zip(ours, theirs, strict=True)}
    lacking = next(name for name in ours if name not in tensors)
    raise DataError(f"its tensors are those of another network: {lacking} is not there, by no name that is known")


def tensors_sha256(tensors: "Mapping[str, Tensor]") -> str:
    """Return the SHA-256 of the tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].numpy()
        digest.update(f"{name} {array.dtype.newbyteorder('<').str} {list(array.shape)}\n".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _names(network: Network) -> Iterator[str]:
    yield from _layer("stem.convolution", "stem.norm")
    for stage, block, expands in _blocks(network):
        for layer in ("expand", "depthwise", "project")[not expands :]:
            yield from _layer(*(f"stage{stage + 1}.{block}.{layer}.{part}" for part in ("convolution", "norm")))
    yield from _layer("head.convolution", "head.norm")


def _package_names(network: Network) -> Iterator[str]:
    """Yield the names in the order of `_names`: blocks are counted from the first to the last."""
    yield from _layer("_conv_stem", "_bn0")
    layers = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
    for number, (_, _, expands) in enumerate(_blocks(network)):
        for convolution, norm in layers[not expands :]:
            yield from _layer(f"_blocks.{number}.{convolution}", f"_blocks.{number}.{norm}")
    yield from _layer("_conv_head", "_bn1")


def _timm_names(network: Network) -> Iterator[str]:
    """Yield the names in the order of `_names`: what a block begins with has the first of its norms."""
    yield from _layer("conv_stem", "bn1")
    for stage, block, expands in _blocks(network):
        convolutions = ("conv_pw", "conv_dw", "conv_pwl") if expands else ("conv_dw", "conv_pw")
        for number, convolution in enumerate(convolutions, start=1):
            yield from _layer(f"blocks.{stage}.{block}.{convolution}", f"blocks.{stage}.{block}.bn{number}")
    yield from _layer("conv_head", "bn2")


def _blocks(network: Network) -> Iterator[tuple[int, int, bool]]:
    """Yield stage, place within it, and whether it begins with a layer that expands, of each block."""
    for index, stage in enumerate(network.stages):
        for block in range(stage.repeats):
            yield index, block, stage.expand > 1


def _layer(convolution: str, norm: str) -> Iterator[str]:
    yield f"{convolution}.weight"
    yield from (f"{norm}.{part}" for part in _NORM)
