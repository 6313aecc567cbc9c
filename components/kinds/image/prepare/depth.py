"""Which values stand for black and white in a set of pictures of more than 8 bits: found on the whole set."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from components.config.errors import DataError
from components.kinds.image.codec.depth import Deep

_FULL = [0.0, 65_535.0]
_KEY = "prepare.levels"
_COARSE = 6  # bits of the upper 8 that are used, at which too few levels of a colour picture are left
_FAR = 3  # bits by which pictures are darker than the others, and may be of another scale
_BOTH = 0.1  # part of the pictures that each of two scales has, so that it has to be asked


@dataclass
class Depths:
    """The values of the deep pictures of a set, by their numbers."""

    found: dict[int, Deep] = field(default_factory=dict)

    def levels(self, given: Sequence[float] | None) -> list[float] | None:
        """Return the values of black and of white; None: all have 8 bits, or the full 16.

        Raises:
            DataError: the pictures are of several scales, or of one that would be lost.
        """
        self._refuse_coarse_colour()
        grey = {row: deep for row, deep in self.found.items() if deep.sort != "colour"}
        if not grey:
            return None
        if given is not None:
            return [float(level) for level in given]
        sorts = Counter(deep.sort for deep in grey.values())
        if len(sorts) > 1:
            raise DataError(
                f"{sorts['whole']:,} pictures hold whole numbers of more than 8 bits and {sorts['float']:,} floats: "
                f"set {_KEY} to the values of black and white of all, or write them in one way"
            )
        if "float" in sorts:
            return _of_floats(grey.values())
        levels = _of_whole(grey.values())
        return None if levels == _FULL else levels

    def _refuse_coarse_colour(self) -> None:
        colour = [deep.high for deep in self.found.values() if deep.sort == "colour"]
        bits = int(max(colour, default=255.0)).bit_length()
        if bits <= _COARSE:
            raise DataError(
                f"{len(colour):,} colour pictures of 16 bits hold values up to {2 ** (bits + 8) - 1:,} alone, and "
                f"their upper 8 bits are read: {2**bits} levels would be left; save them with 8 bits"
            )

    def describe(self, labels: Mapping[int, str], levels: Sequence[float] | None) -> list[str]:
        """Return how deep pictures are read, in sentences."""
        if not self.found:
            return []
        grey = [deep for deep in self.found.values() if deep.sort != "colour"]
        low, high = levels or _FULL
        sentences = []
        if grey:
            most = f"{min(deep.low for deep in grey):,g} to {max(deep.high for deep in grey):,g}"
            sentences.append(
                f"{len(grey):,} pictures have more than 8 bits, with values {most}: "
                f"{low:,g} is read as black and {high:,g} as white ({_KEY}), here and at the endpoint"
            )
        if colour := len(self.found) - len(grey):
            sentences.append(f"{colour:,} colour pictures have 16 bits; their upper 8 are read")
        return sentences + self._describe_labels(labels)

    def _describe_labels(self, labels: Mapping[int, str]) -> list[str]:
        deep = {labels[row] for row in self.found}
        plain = {label for row, label in labels.items() if row not in self.found}
        if deep and plain and not deep & plain:
            return [
                f"all pictures of {', '.join(sorted(deep)[:3])} have more than 8 bits and none of "
                f"{', '.join(sorted(plain)[:3])}: a model may tell them apart by that alone"
            ]
        return []


def _of_whole(found: Collection[Deep]) -> list[float]:
    """Return 0 and the largest number of the fewest bits that hold every value: 4,095 for 12 bits."""
    low, high = min(deep.low for deep in found), max(deep.high for deep in found)
    if low < 0:
        return [low, max(high, low + 1)]
    bits = [max(8, int(deep.high).bit_length()) for deep in found]
    dark = sum(number <= max(bits) - _FAR for number in bits)
    if min(dark, len(bits) - dark) > _BOTH * len(bits):
        darkest = 2 ** max(number for number in bits if number <= max(bits) - _FAR) - 1
        raise DataError(
            f"{dark:,} pictures hold values up to {darkest:,} and {len(bits) - dark:,} up to {2 ** max(bits) - 1:,}: "
            f"if all are of one scale, set {_KEY} to [0, {2 ** max(bits) - 1}]; if not, bring them to one"
        )
    return [0.0, float(2 ** max(bits) - 1)]


def _of_floats(found: Collection[Deep]) -> list[float]:
    """Return 0 and 1, 0 and 255, or -1 and 1 where they hold every value, else the least and the largest value."""
    low, high = min(deep.low for deep in found), max(deep.high for deep in found)
    for known in ([0.0, 1.0], [0.0, 255.0], [-1.0, 1.0], _FULL):
        if known[0] <= low and high <= known[1] and high > known[1] / 256:
            return known
    return [low, high if high > low else low + 1.0]
