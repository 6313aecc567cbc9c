"""Pictures with or without labels, to be grouped: read from whatever folders they lie in, and described."""

import io
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from components.config.errors import BadRequest, ConfigError, DataError
from components.kinds import similarity
from components.kinds.contract.exploration import Explored
from components.kinds.folders import as_text
from components.kinds.image import codec
from components.kinds.image.codec.input import Input
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.decode import why_unreadable
from components.kinds.image.prepare.depth import Depths
from components.kinds.image.source.files import files_below
from components.kinds.image.source.folder import look_at
from components.kinds.image.source.idx import from_files
from components.kinds.raw import DataSet, Origin

if TYPE_CHECKING:
    from torch import Tensor

_SIDE = 128  # pixels at which a backbone looks at most pictures
_FEWEST = 6
_BATCH = 64
_THUMBNAIL = 64  # pixels of its longer side
_ALIKE = 0.995  # correlation from which two pictures show the same, as in what `prepare` says of test pictures


class _Source(NamedTuple):
    """A picture that was not opened yet."""

    name: str
    file: Path | None
    label: str | None
    content: Callable[[], bytes]


def read(origins: Mapping[str, Origin], config: Prepare, input: Input | None, most: int) -> Explored:
    """Read at most `most` pictures of folders and data sets, evenly spread; folders need not be labels.

    Raises:
        ConfigError: a source is neither.
        DataError: fewer than six can be read.
    """
    found = [source for name, origin in origins.items() for source in _sources(name, origin)]
    looked_at = found[:: max(1, ceil(len(found) / most))]
    taken = input or Input(height=_SIDE, width=_SIDE, channels=3, background=config.background)
    inputs = np.empty((len(looked_at), taken["height"], taken["width"], taken["channels"]), dtype=np.uint8)
    unreadable, read = _decode(looked_at, taken, config.levels, inputs)
    if len(read) < _FEWEST:
        where = ", ".join(origin.source for origin in origins.values())
        raise DataError(f"{where}: {len(read)} pictures that can be read: {_FEWEST} or more can be grouped")
    kept = [looked_at[index] for index in read]
    names, files, labels = zip(*((one.name, one.file, one.label) for one in kept), strict=True)
    return Explored(names, files, labels, inputs[read], unreadable, len(found))


def simple_features(inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return where edges run, how strong they are, and colours, each in its standard deviations, `[N, D]`."""
    import torch  # here: where a champion tells, none is needed

    from components.kinds.image.learner.descriptors import Descriptors

    descriptors = Descriptors(*inputs.shape[1:3])
    with torch.inference_mode():
        found = [descriptors(torch.from_numpy(batch)).numpy() for batch in _batches(inputs)]
    features: NDArray[np.float32] = np.concatenate(found)
    standard: NDArray[np.float32] = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-3)
    return standard


def backbone_features(
    inputs: NDArray[np.uint8], described: Mapping[str, Any], tensors: "Mapping[str, Tensor]"
) -> NDArray[np.float32]:
    """Return the features that a head would be given, `[N, features]`."""
    import torch

    from components.kinds.image.learner.network import Preprocessing
    from components.kinds.image.learner.pretrained import looked_at
    from components.kinds.image.learner.pretrained.network import PretrainedNetwork

    side = looked_at(described["sizes"], inputs.shape[1])
    network = PretrainedNetwork(described, side, "head", np.zeros(1, dtype=np.float32)).eval()
    network.load(tensors)
    preprocessing = Preprocessing(described["mean"], described["std"])
    with torch.inference_mode():
        found = [network.kept(preprocessing(torch.from_numpy(batch))).numpy() for batch in _batches(inputs)]
    return np.concatenate(found)


def alike(inputs: NDArray[np.uint8], pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """Return of each pair whether they are the same but for what a file format or another size changes."""
    return [
        bool(np.array_equal(inputs[one], inputs[other])) or similarity.correlation(inputs[one], inputs[other]) >= _ALIKE
        for one, other in pairs
    ]


def thumbnail(example: NDArray[np.uint8]) -> bytes:
    """Return the picture with at most 64 pixels a side, as PNG."""
    picture = Image.fromarray(example[..., 0] if example.shape[-1] == 1 else example)
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _sources(name: str, origin: Origin) -> list[_Source]:
    if origin.data_set is not None:
        return _of_data_set(origin.data_set)
    path = Path(origin.source)
    if not path.is_dir():
        raise ConfigError(
            f"{name} {origin.source}: no such folder; pictures with or without labels are looked for there"
        )
    labels = _labels(path, name)
    files = files_below(path).pictures
    return [
        _Source(f"{name}/{as_text(file)}", path / file, labels.get(file), (path / file).read_bytes) for file in files
    ]


def _labels(path: Path, origin: str) -> dict[str, str | None]:
    """Return the labels that the folders say, if it is clear which."""
    try:
        layout = look_at(path, origin, wrapped=True).layout
    except DataError:
        return {}
    return {} if layout.ask else {file: said.label for file, said in layout.pictures.items()}


def _of_data_set(data_set: DataSet) -> list[_Source]:
    rows = (row for batch in from_files(data_set) for row in batch.select(["picture", "label", "name"]).to_pylist())
    return [_Source(row["name"], None, row["label"], row["picture"].__bytes__) for row in rows]


def _decode(
    sources: Sequence[_Source], input: Input, levels: Sequence[float] | None, inputs: NDArray[np.uint8]
) -> tuple[dict[str, str], list[int]]:
    """Decode the pictures; return why some are unreadable, and the numbers of the others."""
    depths, unreadable, read = Depths(), dict[str, str](), list[int]()
    for index, source in enumerate(sources):
        try:
            row = {"picture": source.content()}
        except OSError as error:
            unreadable[source.name] = f"cannot be read: {error.strerror}"
            continue
        if "levels" not in input and (deep := codec.depth(row, codec.TRAINING_LIMITS)) is not None:
            depths.found[index] = deep
        elif _decoded(source.name, row, input, inputs, index, unreadable):
            read.append(index)
    both = depths.levels(levels)
    known = input if both is None else Input(**{**input, "levels": both})
    for index in depths.found:
        row = {"picture": sources[index].content()}
        if _decoded(sources[index].name, row, known, inputs, index, unreadable):
            read.append(index)
    return unreadable, sorted(read)


def _decoded(
    name: str, row: Mapping[str, Any], input: Input, inputs: NDArray[np.uint8], index: int, unreadable: dict[str, str]
) -> bool:
    try:
        inputs[index] = codec.decode(row, input, codec.TRAINING_LIMITS)
    except BadRequest as error:
        unreadable[name] = why_unreadable(row["picture"], str(error))
        return False
    return True


def _batches(inputs: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [np.array(inputs[start : start + _BATCH]) for start in range(0, len(inputs), _BATCH)]
