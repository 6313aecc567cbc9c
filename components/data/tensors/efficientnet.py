"""The names of EfficientNet-Lite's tensors: this project's, those of efficientnet_lite_pytorch, and timm's."""

from collections.abc import Iterator

from components.config.backbone import EfficientNetLite

_NORM = ("weight", "bias", "running_mean", "running_var")


def efficientnet_names(network: EfficientNetLite) -> Iterator[list[str]]:
    """Yield each one's names, in the same order."""
    for names in (_names, _package_names, _timm_names):
        yield list(names(network))


def _names(network: EfficientNetLite) -> Iterator[str]:
    yield from _layer("stem.convolution", "stem.norm")
    for stage, block, expands in _blocks(network):
        for layer in ("expand", "depthwise", "project")[not expands :]:
            yield from _layer(*(f"stage{stage + 1}.{block}.{layer}.{part}" for part in ("convolution", "norm")))
    yield from _layer("head.convolution", "head.norm")


def _package_names(network: EfficientNetLite) -> Iterator[str]:
    """Yield the names in the order of `_names`: blocks are counted from the first to the last."""
    yield from _layer("_conv_stem", "_bn0")
    layers = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
    for number, (_, _, expands) in enumerate(_blocks(network)):
        for convolution, norm in layers[not expands :]:
            yield from _layer(f"_blocks.{number}.{convolution}", f"_blocks.{number}.{norm}")
    yield from _layer("_conv_head", "_bn1")


def _timm_names(network: EfficientNetLite) -> Iterator[str]:
    """Yield the names in the order of `_names`: what a block begins with has the first of its norms."""
    yield from _layer("conv_stem", "bn1")
    for stage, block, expands in _blocks(network):
        convolutions = ("conv_pw", "conv_dw", "conv_pwl") if expands else ("conv_dw", "conv_pw")
        for number, convolution in enumerate(convolutions, start=1):
            yield from _layer(f"blocks.{stage}.{block}.{convolution}", f"blocks.{stage}.{block}.bn{number}")
    yield from _layer("conv_head", "bn2")


def _blocks(network: EfficientNetLite) -> Iterator[tuple[int, int, bool]]:
    """Yield stage, place within it, and whether it begins with a layer that expands, of each block."""
    for index, stage in enumerate(network.stages):
        for block in range(stage.repeats):
            yield index, block, stage.expand > 1


def _layer(convolution: str, norm: str) -> Iterator[str]:
    yield f"{convolution}.weight"
    yield from (f"{norm}.{part}" for part in _NORM)
