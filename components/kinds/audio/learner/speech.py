"""A pretrained network of speech, of which nothing learns on: samples -> what is said in them, as numbers."""

from collections.abc import Iterator, Mapping
from math import ceil, log
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from components.config.errors import DataError
from components.kinds.audio.learner.augment import heard
from components.kinds.audio.learner.log_mel import samples_of, triangles, waves

if TYPE_CHECKING:
    from components.kinds.audio.params import Train

_AROUND = 0.2  # seconds of silence before a recording, and behind it
_SILENCE = 1e-12  # of the energy, which is never less
_SLOPE, _LEAST = 0.2, -0.4  # of the network's rectifiers: below 0, and how little they give
_LINEAR, _MELS_PER_HERTZ, _LOGARITHM = 1000.0, 3 / 200, log(6.4) / 27  # of Slaney's mel scale
_AT_ONCE = 64  # recordings

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class SpeechEncoder(nn.Module):
    """Samples `[N, length]`, int16 or of -1 to 1 -> float32 `[N, 3 * width]`: mean, most and least in time.

    Google's speech embedding (Lin et al. 2020, arXiv:2002.01322) makes `width` numbers of each 0.8 seconds, every 80
    ms. How loud a recording is means nothing: its loudest band is always as loud.
    """

    waves: Tensor
    bands: Tensor

    def __init__(self, described: Mapping[str, Any], tensors: Mapping[str, Tensor], rate: int, length: int) -> None:
        """Take the description of the network, its tensors, and of recordings the samples a second, and in all.

        Raises:
            DataError: recordings of that rate hold too few frequencies.
        """
        super().__init__()
        if rate < 2 * described["highest"]:
            raise DataError(
                f"{described['title']} hears frequencies up to {described['highest']:,.0f} Hz, and recordings of "
                f"{rate:,} samples a second hold {rate / 2:,.0f} Hz at most; write train: {{recipe: quick}}"
            )
        blocks, size = described["network"]["blocks"], round(described["transform"] * rate)
        self.hop, self.size = max(1, round(described["hop"] * rate)), size
        self.around = max(round(_AROUND * rate), ceil((self._least_length(blocks) - length) / 2))
        self.loudest, self.least = described["loudest"], 10.0 ** -described["span"]
        window = round(described["window"] * rate)
        self.register_buffer("waves", torch.from_numpy(waves(size, window))[:, None], persistent=False)
        self.register_buffer("bands", torch.from_numpy(_bands(described, rate, size)), persistent=False)
        self.layers = nn.Sequential(*_layers(blocks, tensors))
        self.width = 3 * described["network"]["width"]
        self.requires_grad_(False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the numbers, in 32 bit whatever the rest is computed in."""
        with torch.autocast(samples.device.type, enabled=False):
            maps = self.layers(self.spectrum(samples)[:, None])[..., 0]
            found: Tensor = torch.cat([maps.mean(dim=2), maps.amax(dim=2), maps.amin(dim=2)], dim=1)
            return found

    def spectrum(self, samples: Tensor) -> Tensor:
        """Return the energy in each band `[N, frames, bands]`, of the loudest one: a logarithm to the base of ten."""
        sound = samples_of(samples)[:, None]
        parts = functional.conv1d(sound, self.waves, stride=self.hop, padding=self.around) ** 2
        cosines = self.size // 2 + 1
        energy = (self.bands @ (parts[:, :cosines] + parts[:, cosines:])).transpose(1, 2)
        part = energy / (energy.amax(dim=(1, 2), keepdim=True) + _SILENCE)
        found: Tensor = torch.log10(part.clamp(min=self.least)) + self.loudest
        return found

    def _least_length(self, blocks: list[dict[str, Any]]) -> int:
        """Return the samples from which the last layer makes one number."""
        frames = 3
        for block in reversed(blocks):
            frames = frames * int(block["pool"][0]) + 2 * int(block["pairs"])
        return int((frames + 2 - 1) * self.hop + self.size)


def embedded(encoder: SpeechEncoder, recordings: NDArray[np.int16]) -> Float32:
    """Return what the encoder makes of recordings `[N, length]`: `[N, width]`."""
    found = np.empty((len(recordings), encoder.width), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(recordings), _AT_ONCE):
            some = torch.from_numpy(np.array(recordings[start : start + _AT_ONCE]))
            found[start : start + _AT_ONCE] = encoder(some).numpy()
    return found


def versions(encoder: SpeechEncoder, recordings: NDArray[np.int16], rate: int, config: "Train") -> Float32:
    """Return what the encoder makes of versions of recordings `[N, length]`: `[N, versions, width]`.

    The first is the recording as it is; the others depend on the seed and on the recording's place.
    """
    found = np.empty((len(recordings), config.versions, encoder.width), dtype=np.float32)
    with torch.inference_mode(), torch.random.fork_rng(devices=[]):
        for number, start in enumerate(range(0, len(recordings), _AT_ONCE)):
            torch.manual_seed(int(np.random.SeedSequence([config.seed, number]).generate_state(1)[0]))
            sounds = samples_of(torch.from_numpy(np.array(recordings[start : start + _AT_ONCE])))
            for version in range(config.versions):
                some = heard(sounds, rate, config) if version else sounds
                found[start : start + _AT_ONCE, version] = encoder(some).numpy()
    return found


class _Rectifier(nn.Module):
    """What is below 0 counts a fifth, down to -0.4."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        return functional.leaky_relu(maps, _SLOPE).clamp(min=_LEAST)


def _layers(blocks: list[dict[str, Any]], tensors: Mapping[str, Tensor]) -> Iterator[nn.Module]:
    """Yield the layers: bands are padded, frames are not, so that every number hears as much."""
    for number, block in enumerate(blocks, start=1):
        for name, padding in _of_block(number, block["pairs"]):
            yield from (_convolution(tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding), _Rectifier())
        yield nn.MaxPool2d(tuple(block["pool"]))
    yield _convolution(tensors["embedding.weight"], None, 0)


def _of_block(number: int, pairs: int) -> Iterator[tuple[str, int]]:
    """Yield the name of each layer of a block, and by how many bands it is padded."""
    if number == 1:
        yield "block1.0.both", 1
    for pair in range(pairs):
        yield from ((f"block{number}.{pair}.bands", 1), (f"block{number}.{pair}.frames", 0))


def _convolution(weight: Tensor, bias: Tensor | None, bands: int) -> nn.Conv2d:
    after, before, *size = weight.shape
    layer = nn.Conv2d(before, after, (size[0], size[1]), padding=(0, bands), bias=bias is not None)
    layer.weight.data = weight
    if layer.bias is not None and bias is not None:
        layer.bias.data = bias
    return layer


def _bands(described: Mapping[str, Any], rate: int, size: int) -> Float32:
    """Return `[bands, size // 2 + 1]`: triangles of area 1 on the mel scale of Slaney (1998, Auditory Toolbox)."""
    mels = np.linspace(_mel(described["lowest"]), _mel(described["highest"]), described["bands"] + 2)
    edges = _hertz(mels)
    return (triangles(edges, rate, size) * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def _mel(hertz: float) -> float:
    if hertz < _LINEAR:
        return hertz * _MELS_PER_HERTZ
    return _LINEAR * _MELS_PER_HERTZ + log(hertz / _LINEAR) / _LOGARITHM


def _hertz(mels: Float64) -> Float64:
    above = mels - _LINEAR * _MELS_PER_HERTZ
    found: Float64 = np.where(above < 0.0, mels / _MELS_PER_HERTZ, _LINEAR * np.exp(above * _LOGARITHM))
    return found
