"""Labels of pictures that `prepare.corrections` puts right."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from components.kinds.corrections import read_as, read_corrections, refuse
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.source_picture import SourcePicture


def corrected(
    labels: Mapping[int, str], pictures: Sequence[SourcePicture], config: Prepare
) -> tuple[dict[int, str], list[str]]:
    """Return the labels, by the number of the picture, as the corrections say, and what is said of it.

    A picture that is corrected to no label is left out.

    Raises:
        DataError: a correction names no picture, another label than the picture has, or one that no picture has.
    """
    found = dict(labels)
    if config.corrections is None:
        return found, []
    corrections = read_corrections(Path(config.corrections))
    rows = {picture.name: row for row, picture in enumerate(pictures)}
    known = set(labels.values())
    for correction in corrections:
        row = rows.get(correction.name)
        if row is None:
            raise refuse(config.corrections, correction, "is no picture of the source")
        if labels.get(row) != correction.given:
            raise refuse(config.corrections, correction, f"has the label {labels.get(row)!r}, not {correction.given!r}")
        if not correction.label:
            del found[row]
        elif correction.label in known:
            found[row] = correction.label
        else:
            raise refuse(config.corrections, correction, f"is to be {correction.label!r}, a label that no picture has")
    return found, read_as(config.corrections, corrections)
