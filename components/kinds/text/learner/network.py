"""The network: a weighted sum of the vectors of a text's words and runs of characters, and one layer behind it.

Where the recipe begins with an encoder, the layer sees beside the sum what a second one makes of the encoder's
embedding.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.objective_module import ObjectiveModule
from components.kinds.text.learner.encoder import Encoder
from components.kinds.text.learner.hashing import Hashing

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.text.params import Train

_SPREAD = 0.1  # of a fresh vector
_HIDDEN_DROPOUT = 0.3  # of the sum's numbers, in training
_LEAST = 1e-3
_SCALE = 20.0  # of an embedding of length 1, so that its layer learns at the vectors' pace
_SLOWER = 1 / 3  # of the learning rate, for what is behind an encoder's embedding


class Network(nn.Module):
    """Code points `[N, length]` -> the head's numbers `[N, objective.width]`, and the features before it.

    After fastText (Joulin et al. 2016, arXiv:1607.01759); each word or run counts by its inverse document frequency,
    over the Euclidean length of them all.
    """

    rarity: Tensor

    def __init__(
        self,
        hashing: Hashing,
        rarity: Tensor,
        width: int,
        dropout: float,
        objective: "Objective",
        encoder: Encoder | None = None,
    ) -> None:
        """Take the hashing, the inverse document frequency of each bucket `[buckets]`, and what follows."""
        super().__init__()
        self.hashing, self.dropout, self.encoder = hashing, dropout, encoder
        self.register_buffer("rarity", rarity)
        self.vectors = nn.Parameter(torch.randn(len(rarity), width) * _SPREAD)
        self.meaning = nn.Linear(encoder.width, 2 * width) if encoder else None
        self.width = width + (self.meaning.out_features if self.meaning else 0)
        self.head = nn.Linear(self.width, objective.width)
        nn.init.zeros_(self.head.weight)
        self.head.bias.data.copy_(torch.from_numpy(objective.prior))

    def scored(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return self._seen(codes, None if self.encoder is None else self.encoder(codes))

    def learned(self, texts: Tensor) -> Tensor:
        """Return the head's numbers, of texts that may have their embeddings behind them (`with_embeddings`)."""
        codes, embedded = texts[:, : self.hashing.length], texts[:, self.hashing.length :]
        if not embedded.shape[1]:
            return self.scored(codes)[0]
        return self._seen(codes, embedded.contiguous().view(torch.float32))[0]

    def _seen(self, codes: Tensor, embedded: Tensor | None) -> tuple[Tensor, Tensor]:
        buckets = self.hashing(codes)
        weights = self.rarity[buckets]
        weights = weights / torch.linalg.vector_norm(weights, dim=1, keepdim=True).clamp_min(_LEAST)
        features = functional.relu(self._kept(buckets, weights) if self.training else self._all(buckets, weights))
        if self.meaning is not None and embedded is not None:
            features = torch.cat([features, functional.relu(self.meaning(_SCALE * embedded))], dim=1)
        return self.head(functional.dropout(features, _HIDDEN_DROPOUT, self.training)), features

    def slower(self) -> list[nn.Parameter]:
        """Return the parameters that learn at a lower rate; none without an encoder."""
        return [*self.meaning.parameters(), *self.head.parameters()] if self.meaning is not None else []

    def _all(self, buckets: Tensor, weights: Tensor) -> Tensor:
        found: Tensor = torch.matmul(weights[:, None], self.vectors[buckets])[:, 0]
        return found

    def _kept(self, buckets: Tensor, weights: Tensor) -> Tensor:
        """Return the sum of those that chance keeps."""
        kept = (buckets > 0) & (torch.rand(buckets.shape, device=buckets.device) >= self.dropout)
        starts = functional.pad(kept.sum(dim=1).cumsum(0), (1, 0))[:-1]
        summed = functional.embedding_bag(
            buckets[kept], self.vectors, starts, mode="sum", per_sample_weights=weights[kept]
        )
        return summed / (1.0 - self.dropout)


class TextModule(ObjectiveModule):
    """Trains the network by AdamW in one cycle."""

    def __init__(self, network: Network, config: "Train", objective: "Objective") -> None:
        super().__init__(objective)
        self.network, self.config = network, config

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers."""
        return self.network.learned(inputs)

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, of labels that are smoothed."""
        return self.objective.loss(self.raw(inputs).float(), labels, self.config.label_smoothing)

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once over all steps."""
        rate, steps = self.config.learning_rate, int(self.trainer.estimated_stepping_batches)
        slower = {id(weights): weights for weights in self.network.slower()}
        others = [one for one in self.network.parameters() if one.requires_grad and id(one) not in slower]
        groups = [(others, rate), (list(slower.values()), _SLOWER * rate)]
        optimizer = torch.optim.AdamW(
            [{"params": some, "lr": peak} for some, peak in groups if some],
            weight_decay=self.config.weight_decay,
            fused=True,
        )
        peaks = [peak for some, peak in groups if some]
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=max(steps, 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
