"""A pretrained encoder of texts, of which nothing learns on: the mean of the vectors of a text's pieces."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.text.learner.wordpiece import WordPiece
from components.kinds.vocabulary import VOCABULARY

_EPSILON = 1e-12  # of BERT's norms
_FAR = -1e9  # added to what no piece is to look at
_MOST_CHARACTERS = 1_024  # that are looked at: they have more pieces than are read, mostly
_BATCH = 64


class Encoder(nn.Module):
    """Code points int32 `[N, length]` -> float32 `[N, width]` of Euclidean length 1.

    BERT (Devlin et al. 2018, arXiv:1810.04805); the mean over all pieces, those around the text included, as
    Sentence-BERT has it (Reimers and Gurevych 2019, arXiv:1908.10084).
    """

    def __init__(self, described: Mapping[str, Any], tensors: Mapping[str, Tensor], length: int) -> None:
        """Take the description of the network, its tensors with the vocabulary, and how many characters there are."""
        super().__init__()
        shape = described["network"]
        vocabulary = tensors[VOCABULARY].numpy().tobytes().decode().split("\n")
        self.width, self.length = shape["width"], min(length, _MOST_CHARACTERS)
        self.pieces = WordPiece(vocabulary, self.length, described["pieces"])
        named = {name: values for name, values in tensors.items() if name != VOCABULARY}
        words, positions, kinds = (
            named[f"embeddings.{of}_embeddings.weight"] for of in ("word", "position", "token_type")
        )
        self.words = nn.Parameter(words)
        self.positions = nn.Parameter(positions + kinds[0])  # one sort of text alone is read
        self.norm = _norm(named, "embeddings.LayerNorm")
        blocks = (_Block(named, f"encoder.layer.{layer}", shape["heads"]) for layer in range(shape["layers"]))
        self.blocks = nn.ModuleList(blocks)
        self.requires_grad_(False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the embeddings."""
        pieces = self.pieces(codes[:, : self.length])
        there = (pieces != 0).float()
        hidden = self.norm(self.words[pieces] + self.positions[torch.cumsum(torch.ones_like(pieces), 1)[0] - 1])
        mask = ((1.0 - there) * _FAR)[:, None, None]
        for block in self.blocks:
            hidden = block(hidden, mask)
        mean = (hidden * there[:, :, None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
        return functional.normalize(mean, dim=1)


def with_embeddings(encoder: Encoder, texts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return texts `[N, length]` with the bits of their embeddings behind them, `[N, length + width]`.

    Texts of about the same length are read together: what the shorter ones lack would be computed, too.
    """
    found = np.empty((len(texts), texts.shape[1] + encoder.width), dtype=np.int32)
    found[:, : texts.shape[1]] = texts
    order = np.argsort((found[:, : texts.shape[1]] > 0).sum(axis=1), kind="stable")
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            embedded = encoder(torch.from_numpy(found[rows, : texts.shape[1]])).numpy()
            found[rows, texts.shape[1] :] = embedded.astype(np.float32).view(np.int32)
    return found


class _Block(nn.Module):
    """Attention and two linear layers, each with a norm behind the sum."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.asked, self.keys, self.values = (
            _linear(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        self.out = _linear(tensors, f"{name}.attention.output.dense")
        self.first = _linear(tensors, f"{name}.intermediate.dense")
        self.second = _linear(tensors, f"{name}.output.dense")
        norms = (f"{name}.{part}.LayerNorm" for part in ("attention.output", "output"))
        self.norms = nn.ModuleList(_norm(tensors, norm) for norm in norms)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return `[N, P, width]`; `mask` `[N, 1, 1, P]` is added to what attention weighs by."""
        count, pieces, width = hidden.shape

        def by_head(values: Tensor) -> Tensor:
            return values.view(count, pieces, self.heads, width // self.heads).transpose(1, 2)

        asked, keys, values = (by_head(layer(hidden)) for layer in (self.asked, self.keys, self.values))
        weights = (asked @ keys.transpose(2, 3) * (width // self.heads) ** -0.5 + mask).softmax(dim=-1)
        seen = (weights @ values).transpose(1, 2).reshape(count, pieces, width)
        hidden = self.norms[0](self.out(seen) + hidden)
        changed: Tensor = self.norms[1](self.second(functional.gelu(self.first(hidden))) + hidden)
        return changed


def _linear(tensors: Mapping[str, Tensor], name: str) -> nn.Linear:
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight, bias
    return layer


def _norm(tensors: Mapping[str, Tensor], name: str) -> nn.LayerNorm:
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    norm = nn.LayerNorm(len(weight), eps=_EPSILON)
    norm.weight.data, norm.bias.data = weight, bias
    return norm
