"""The network, and the model that serves: features -> what the objective answers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.table.learner.autoencoder import Autoencoder, suspicion
from components.kinds.table.learner.encoding import Encoding


class Network(nn.Module):
    """Fully connected layers beside a straight line: float32 `[N, inputs]` -> the head's numbers `[N, outputs]`.

    Untrained it gives `prior` to all: the layers' last weights are zero at first, and so is the line.
    """

    def __init__(self, inputs: int, width: int, layers: int, dropout: float, prior: NDArray[np.float32]) -> None:
        super().__init__()
        widths = [inputs] + [width] * layers
        hidden = [_layer(before, width, dropout) for before in widths[:-1]]
        self.layers = nn.Sequential(*hidden)
        self.head = nn.Linear(width, len(prior))
        self.line = nn.Linear(inputs, len(prior), bias=False)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(torch.from_numpy(prior))
        nn.init.zeros_(self.line.weight)

    def forward(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return the head's numbers, and what the head was given, `[N, width]`."""
        features: Tensor = self.layers(encoded)
        raw: Tensor = self.head(features) + self.line(encoded)
        return raw.float(), features


class RecordModel(nn.Module):
    """What is trained: features float32 `[N, F]` -> the head's numbers float32 `[N, width]`.

    Without a network that is the autoencoder's suspicion, which ranks records. With both, the network is told how badly
    the autoencoder says a record; where an unusual record is rather positive, the logarithm of that error is a logit to
    begin with, which the network corrects.
    """

    def __init__(
        self,
        encoding: Encoding | None,
        network: Network | None,
        autoencoder: Autoencoder | None,
        unusual_is_positive: bool = True,
    ) -> None:
        super().__init__()
        self.encoding, self.network, self.autoencoder = encoding, network, autoencoder
        self.trust = Trust() if network is not None and autoencoder is not None and unusual_is_positive else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers."""
        return self.scored(inputs)[0]

    def unlabelled_loss(self, inputs: Tensor) -> Tensor:
        """Return the autoencoder's."""
        assert self.autoencoder is not None
        return self.autoencoder.loss(inputs)

    def scored(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the head's numbers, `[N, width]`, and what the head was given; without a network the code."""
        if self.network is None or self.encoding is None:
            assert self.autoencoder is not None
            error, code = self.autoencoder(inputs)
            return suspicion(error)[:, None], code
        encoded: Tensor = self.encoding(inputs)
        if self.autoencoder is None:
            alone: tuple[Tensor, Tensor] = self.network(encoded)
            return alone
        with torch.no_grad():
            error, code = self.autoencoder(inputs)
        evidence = torch.log(error + _LEAST)[:, None]
        raw, features = self.network(torch.cat([encoded, evidence, code], dim=1))
        return (raw if self.trust is None else raw + self.trust(evidence)), features

    @property
    def width(self) -> int:
        """How many features the head is given."""
        if self.network is not None:
            return self.network.head.in_features
        assert self.autoencoder is not None
        return self.autoencoder.code


class Trust(nn.Module):
    """One learned factor, 1 to begin with."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))

    def forward(self, values: Tensor) -> Tensor:
        """Return the values, times the factor."""
        return self.factor * values


_LEAST = 1e-6
"""Error at which the logarithm ends."""


def _layer(before: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, width), nn.ReLU(), nn.Dropout(dropout))
