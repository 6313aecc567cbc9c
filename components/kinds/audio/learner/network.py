"""The network: samples -> log-mel spectrum -> convolutions -> the head's numbers."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from components.kinds.audio.learner.log_mel import LogMel

if TYPE_CHECKING:
    from components.kinds.contract import Objective


class Network(nn.Module):
    """Samples `[N, length]` -> the head's numbers `[N, outputs]`, and the features before it `[N, width]`.

    Each spectrum is taken less its mean and over its standard deviation: how loud it is means nothing. Convolutions
    halve it three times; one over all that is left of the frequencies follows, and then mean and maximum in time.
    """

    def __init__(self, rate: int, mels: int, channels: int, dropout: float, objective: "Objective") -> None:
        super().__init__()
        self.spectrum = LogMel(rate, mels)
        some, more, most = channels * 4 // 3, channels * 8 // 3, channels * 4
        self.layers = nn.Sequential(
            _layer(1, channels, 5, stride=2),
            *(_layer(channels, some), nn.MaxPool2d(2)),
            *(_layer(some, more), _layer(more, more), nn.MaxPool2d(2)),
            _layer(more, most),
            nn.Conv2d(most, most, (-(-mels // 2) // 4, 1), bias=False),
            nn.BatchNorm2d(most),
            nn.ReLU(),
        )
        self.width = 2 * most
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, objective.width)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(torch.from_numpy(objective.prior))

    def scored(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return self.of_spectrum(self.spectrum(samples))

    def of_spectrum(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Return both of log-mel spectra `[N, mels, frames]`."""
        level = spectrum - spectrum.mean(dim=(1, 2), keepdim=True)
        maps = self.layers((level / (level.square().mean(dim=(1, 2), keepdim=True).sqrt() + 1e-3))[:, None])
        maps = maps.float()
        features = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return self.head(self.dropout(features)), features


def _layer(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )
