"""The network, and the model that serves: features -> probabilities."""

import torch
from torch import Tensor, nn

from components.kinds.table.learner.autoencoder import Autoencoder, suspicion
from components.kinds.table.learner.encoding import Encoding


class Network(nn.Module):
    """Fully connected layers beside a straight line: float32 `[N, inputs]` -> logits `[N]`.

    Untrained it gives the logit of `prior` to all: the layers' last weights are zero at first, and so is the line.
    """

    def __init__(self, inputs: int, width: int, layers: int, dropout: float, prior: float) -> None:
        super().__init__()
        widths = [inputs] + [width] * layers
        hidden = [_layer(before, width, dropout) for before in widths[:-1]]
        self.layers = nn.Sequential(*hidden, nn.Linear(width, 1))
        self.line = nn.Linear(inputs, 1, bias=False)
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, float(torch.logit(torch.tensor(prior))))
        nn.init.zeros_(self.line.weight)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.layers(encoded) + self.line(encoded)
        return logits[:, 0].float()


class RecordModel(nn.Module):
    """What is trained: features float32 `[N, F]` -> probabilities float32 `[N, 2]`.

    Without a network the second column is the autoencoder's suspicion, which ranks records and is no probability.
    With both, the logarithm of the error is a logit to begin with, which the network corrects.
    """

    def __init__(self, encoding: Encoding | None, network: Network | None, autoencoder: Autoencoder | None) -> None:
        super().__init__()
        self.encoding, self.network, self.autoencoder = encoding, network, autoencoder
        self.trust = Trust() if network is not None and autoencoder is not None else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the probabilities, as they were trained."""
        return self.answers(inputs, 1.0)

    def answers(self, inputs: Tensor, temperature: float) -> Tensor:
        """Return the probabilities, the logits divided by the temperature; a suspicion has none."""
        positive = self.suspicion(inputs) if self.network is None else (self.logits(inputs) / temperature).sigmoid()
        return torch.stack([1.0 - positive, positive], dim=1)

    def suspicion(self, inputs: Tensor) -> Tensor:
        """Return the autoencoder's, `[N]`."""
        assert self.autoencoder is not None
        return suspicion(self.autoencoder(inputs)[0])

    def unlabelled_loss(self, inputs: Tensor) -> Tensor:
        """Return the autoencoder's."""
        assert self.autoencoder is not None
        return self.autoencoder.loss(inputs)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the network's, `[N]`."""
        assert self.network is not None
        assert self.encoding is not None
        if self.autoencoder is None or self.trust is None:
            alone: Tensor = self.network(self.encoding(inputs))
            return alone
        with torch.no_grad():
            error, code = self.autoencoder(inputs)
        evidence = torch.log(error + _LEAST)
        corrected: Tensor = self.network(torch.cat([self.encoding(inputs), evidence[:, None], code], dim=1))
        trusted: Tensor = self.trust(evidence)
        return corrected + trusted


class Serving(nn.Module):
    """What the endpoint runs: features float32 `[N, F]` -> probabilities float32 `[N, 2]` at the temperature."""

    def __init__(self, model: RecordModel, temperature: float) -> None:
        super().__init__()
        self.model, self.temperature = model, temperature

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the probabilities."""
        return self.model.answers(inputs, self.temperature)


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
