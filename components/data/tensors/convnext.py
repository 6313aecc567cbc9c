"""The names of ConvNeXt's tensors: this project's, torchvision's, those of transformers, and timm's."""

from collections.abc import Iterator
from typing import NamedTuple

from components.config.backbone import ConvNeXt


class _Naming(NamedTuple):
    """How modules are called: `{stage}` counts from 1, `{before}` from 0, `{halving}` and `{blocks}` as torchvision."""

    stem: tuple[str, str]
    """Of a convolution and its norm."""
    halving: tuple[str, str]
    """Of a norm and its convolution, before the blocks of every stage but the first."""
    block: str
    layers: tuple[str, str, str, str]
    """Depthwise convolution, norm, what expands, and what projects."""
    scale: str
    norm: str
    """The last one."""


_OWN = _Naming(
    ("stem.convolution", "stem.norm"),
    ("stage{stage}.halving.norm", "stage{stage}.halving.convolution"),
    "stage{stage}.{block}",
    ("depthwise", "norm", "expand", "project"),
    "scale",
    "head.norm",
)
_TORCHVISION = _Naming(
    ("features.0.0", "features.0.1"),
    ("features.{halving}.0", "features.{halving}.1"),
    "features.{blocks}.{block}",
    ("block.0", "block.2", "block.3", "block.5"),
    "layer_scale",
    "classifier.0",
)
_TRANSFORMERS = _Naming(
    ("embeddings.patch_embeddings", "embeddings.layernorm"),
    ("encoder.stages.{before}.downsampling_layer.0", "encoder.stages.{before}.downsampling_layer.1"),
    "encoder.stages.{before}.layers.{block}",
    ("dwconv", "layernorm", "pwconv1", "pwconv2"),
    "layer_scale_parameter",
    "layernorm",
)
_TIMM = _Naming(
    ("stem.0", "stem.1"),
    ("stages.{before}.downsample.0", "stages.{before}.downsample.1"),
    "stages.{before}.blocks.{block}",
    ("conv_dw", "norm", "mlp.fc1", "mlp.fc2"),
    "gamma",
    "head.norm",
)


def convnext_names(network: ConvNeXt) -> Iterator[list[str]]:
    """Yield each one's names, in the same order."""
    for naming in (_OWN, _TORCHVISION, _TRANSFORMERS, _TIMM):
        yield list(_names(network, naming))
    yield [f"convnext.{name}" for name in _names(network, _TRANSFORMERS)]  # beside a classifier


def _names(network: ConvNeXt, naming: _Naming) -> Iterator[str]:
    for module in naming.stem:
        yield from _affine(module)
    for before, stage in enumerate(network.stages):
        numbers = {"before": before, "stage": before + 1, "halving": 2 * before, "blocks": 2 * before + 1}
        for module in naming.halving if before else ():
            yield from _affine(module.format(**numbers))
        for block in range(stage.repeats):
            prefix = naming.block.format(**numbers, block=block)
            yield f"{prefix}.{naming.scale}"
            for layer in naming.layers:
                yield from _affine(f"{prefix}.{layer}")
    yield from _affine(naming.norm)


def _affine(module: str) -> Iterator[str]:
    yield from (f"{module}.{part}" for part in ("weight", "bias"))
