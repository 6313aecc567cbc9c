"""The network: weighted sums of the vectors of recent items, held against a vector of each item, and its popularity."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.interactions.learner.ranker import Ranker, Scorer
from components.kinds.objective_module import ObjectiveModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.interactions.codec.input import Input
    from components.kinds.interactions.params import Train

_SPREAD = 0.1  # of a fresh number of a vector
_FADES = 0.9  # fresh weight of a recent item over that of the one after it
_NUMBER, _WEIGHT, _SUM = 127, 63, 511  # largest whole numbers: of a vector, of a place's weight, of a weighted sum
_NARROWER = 4.0  # by which a weighted sum is divided


class Vectors(nn.Module):
    """A vector of each recent item, and one of each item that may be suggested (two towers, each a table)."""

    def __init__(self, input: "Input", width: int, popularity: Tensor) -> None:
        """Take the description of lists, numbers of a vector, and the logarithm of how often items were taken."""
        super().__init__()
        items = input["items"]
        self.length = input["length"]
        self.recent = nn.Parameter(torch.randn(items, width) * _SPREAD)
        self.items = nn.Parameter(torch.randn(items, width) * _SPREAD)
        self.places = nn.Parameter(torch.logit(0.9 * _FADES ** torch.arange(self.length).float()))
        self.bias = nn.Parameter(popularity.clone())

    def forward(self, recent: Tensor) -> Tensor:
        """Return the logits `[N, items]` of recent items int64 `[N, length]`, numbers from 1, 0 for none."""
        there = (recent > 0).float() * torch.sigmoid(self.places)
        vectors = functional.embedding((recent - 1).clamp(min=0), self.recent)
        user = torch.einsum("nl,nlw->nw", there, vectors)
        user = user / there.sum(dim=1, keepdim=True).clamp_min(1e-6).sqrt()
        return functional.linear(user, self.items, self.bias)


class VectorScorer(Scorer):
    """The same in whole numbers: vectors of 8 bits, weights of 6, sums of 10."""

    vectors: Tensor
    weights: Tensor
    items: Tensor
    bias: Tensor

    def __init__(self, vectors: Vectors) -> None:
        super().__init__()
        with torch.no_grad():
            weights = torch.sigmoid(vectors.places)
            of_recent, of_item = (
                _NUMBER / table.abs().max().clamp_min(1e-9) for table in (vectors.recent, vectors.items)
            )
            of_weight = _WEIGHT / weights.max()
            scale = of_recent * of_weight.sqrt() / _NARROWER * of_item
            self.register_buffer("vectors", functional.pad((vectors.recent * of_recent).round(), (0, 0, 1, 0)))
            self.register_buffer("weights", (weights * of_weight).round())
            self.register_buffer("items", (vectors.items * of_item).round())
            self.register_buffer("bias", (vectors.bias * scale).round().long())
            self.register_buffer("scale", scale)

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return self.items.shape[1]

    def look(self, recent: Tensor) -> Tensor:
        """Return the vectors of the recent items, whole numbers `[N, length, width]`."""
        return self.vectors[recent]

    def features(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return the weighted sum over the root of the weights that count, whole numbers `[N, width]`."""
        total = ((recent > 0) * self.weights).sum(dim=1, keepdim=True).clamp_min(1.0)
        summed = (seen * self.weights[:, None]).sum(dim=1)
        return (summed / total.sqrt() / _NARROWER).round().clamp(-_SUM, _SUM)

    def scores(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return the product with each item's vector, and its bias."""
        return torch.matmul(self.features(seen, recent), self.items.T).long() + self.bias

    def reasons(self, seen: Tensor, recent: Tensor, items: Tensor) -> Tensor:
        """Return the part of the product that is each recent item's."""
        products = torch.matmul(seen, self.items[items].transpose(1, 2))
        return products.long() * self.weights.long()[:, None]


class VectorModule(ObjectiveModule):
    """Trains the network: cross-entropy over all items, AdamW in one cycle."""

    def __init__(self, network: Vectors, input: "Input", config: "Train", objective: "Objective") -> None:
        super().__init__(objective)
        self.network, self.input, self.config = network, input, config

    def ranker(self) -> Ranker:
        """Return what is served, of the weights as they are."""
        return Ranker(VectorScorer(self.network), self.input, self.objective.width)

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the ranking."""
        return self.ranker().scored(inputs)[0]

    def loss(self, inputs: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the mean cross-entropy, each example weighed, of lists some of whose items are left out."""
        recent = inputs[:, : self.network.length].long()
        kept = torch.rand(recent.shape, device=recent.device) >= self.config.dropout
        logits = self.network(torch.where(kept, recent, 0))
        each = functional.cross_entropy(logits.float(), labels, reduction="none")
        return each.mean() if weights is None else (each * weights).mean()

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once over all steps; weights decay of vectors alone."""
        rate, steps = self.config.learning_rate, int(self.trainer.estimated_stepping_batches)
        tables = [self.network.recent, self.network.items]
        groups = [
            {"params": tables, "weight_decay": self.config.weight_decay},
            {"params": [self.network.places, self.network.bias], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
