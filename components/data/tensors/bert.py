"""The names of BERT's tensors, which are those of transformers, and its vocabulary as one more."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.config.backbone import Bert
from components.kinds.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from torch import Tensor

_EMBEDDINGS = ("word_embeddings", "position_embeddings", "token_type_embeddings")
_LAYERS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)


def bert_names(network: Bert) -> Iterator[list[str]]:
    """Yield the names of its tensors, and those of a file that has more beside it."""
    names = list(_names(network))
    yield [*names, VOCABULARY]
    yield [*(f"bert.{name}" for name in names), VOCABULARY]


def pieces_tensor(content: bytes) -> "Tensor":
    """Return a vocabulary as the tensor `VOCABULARY`: each line without what stands behind it, parted by one LF."""
    import torch  # here: names need none

    pieces = content.decode().removesuffix("\n").split("\n")
    return torch.frombuffer(bytearray("\n".join(piece.rstrip("\r") for piece in pieces).encode()), dtype=torch.uint8)


def _names(network: Bert) -> Iterator[str]:
    yield from (f"embeddings.{name}.weight" for name in _EMBEDDINGS)
    yield from _affine("embeddings.LayerNorm")
    for layer in range(network.layers):
        for name in _LAYERS:
            yield from _affine(f"encoder.layer.{layer}.{name}")


def _affine(module: str) -> Iterator[str]:
    yield from (f"{module}.{part}" for part in ("weight", "bias"))
