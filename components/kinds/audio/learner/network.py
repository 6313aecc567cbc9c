"""The networks: samples -> log-mel spectrum -> convolutions -> the head's numbers."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from components.kinds.audio.learner.log_mel import LogMel
from components.kinds.audio.learner.speech import SpeechEncoder

if TYPE_CHECKING:
    from components.kinds.audio.params import Train
    from components.kinds.contract import Objective

_LEAST_VARIANCE = 1e-5


class Network(nn.Module):
    """Samples `[N, length]` -> the head's numbers `[N, outputs]`, and the features before it `[N, width]`.

    `equalize`: every band of a spectrum is taken less its mean in time. Convolutions halve it three times; then one
    sees all frequencies, one five steps in time, and the features are mean and maximum in time.
    """

    def __init__(self, rate: int, config: "Train", objective: "Objective") -> None:
        super().__init__()
        channels = config.width
        self.spectrum, self.equalize = LogMel(rate, config.mels), config.equalize
        some, more, most = channels * 4 // 3, channels * 8 // 3, channels * 4
        self.layers = nn.Sequential(
            _layer(1, channels, (5, 5), stride=2, padding=(2, 2)),
            *(_layer(channels, some), nn.MaxPool2d(2)),
            *(_layer(some, more), _layer(more, more), nn.MaxPool2d(2)),
            _layer(more, most),
            _layer(most, most, (-(-config.mels // 2) // 4, 1), padding=(0, 0)),
            _layer(most, most, (1, 5), padding=(0, 2)),
        )
        self.width = 2 * most
        self.dropout = nn.Dropout(config.dropout)
        self.head = _head(self.width, objective)

    def scored(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return self.of_spectrum(self.spectrum(samples))

    def of_spectrum(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Return both of log-mel spectra `[N, mels, frames]`."""
        level = spectrum - spectrum.mean(dim=2 if self.equalize else (1, 2), keepdim=True)
        maps = self.layers((level / (level.square().mean(dim=(1, 2), keepdim=True).sqrt() + 1e-3))[:, None])
        maps = maps.float()
        features = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return self.head(self.dropout(features)), features


class PretrainedNetwork(nn.Module):
    """Samples `[N, length]` -> the head's numbers `[N, outputs]`, and the features before it `[N, width]`.

    The features are what the encoder makes of a recording, standardised by those of training; the head is linear, and
    all that learns.
    """

    def __init__(self, encoder: SpeechEncoder, config: "Train", objective: "Objective") -> None:
        super().__init__()
        self.encoder, self.width = encoder, encoder.width
        self.standardise = Standardised(self.width)
        self.dropout = nn.Dropout(config.dropout)
        self.head = _head(self.width, objective)

    def scored(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return self.of_embedded(self.encoder(samples))

    def of_embedded(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return both of what the encoder made of recordings, `[N, width]`."""
        features = self.standardise(numbers)
        return self.head(self.dropout(features)), features


class Standardised(nn.Module):
    """Numbers `[N, width]` less the mean of all that were learned from so far, by their deviation.

    The sums of Chan, Golub and LeVeque (1983): a batch may hold one example alone.
    """

    count: Tensor
    mean: Tensor
    squares: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("squares", torch.zeros(width))

    def forward(self, numbers: Tensor) -> Tensor:
        """Return numbers of the same shape; while it trains it takes them into account first."""
        if self.training:
            self._learn(numbers.detach())
        variance = self.squares / self.count.clamp(min=1.0)
        return (numbers - self.mean) * torch.rsqrt(variance + _LEAST_VARIANCE)

    def _learn(self, numbers: Tensor) -> None:
        many, mean = len(numbers), numbers.mean(dim=0)
        part, away = many / (self.count + many), mean - self.mean
        self.squares += (numbers - mean).square().sum(dim=0) + away.square() * self.count * part
        self.mean += away * part
        self.count += many


def _head(width: int, objective: "Objective") -> nn.Linear:
    """Return a head that answers by how common each label is, until it learns."""
    head = nn.Linear(width, objective.width)
    nn.init.zeros_(head.weight)
    with torch.no_grad():
        head.bias.copy_(torch.from_numpy(objective.prior))
    return head


def _layer(
    before: int, after: int, size: tuple[int, int] = (3, 3), stride: int = 1, padding: tuple[int, int] = (1, 1)
) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, size, stride=stride, padding=padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())
