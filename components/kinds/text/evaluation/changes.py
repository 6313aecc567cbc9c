"""What people do to a text that means the same: they mistype it, leave words out, write words together, are polite.

On the normalized words of texts, code points `[N, length]`; capitals, blanks and forms of signs are gone before.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Corruption
from components.kinds.text.codec.characters import decode, encode

_TYPOS = (1, 2, 4)
_LOST = (1, 2, 3)  # words of a text, but for its last one
_JOINED = (1, 2, 4)
_FILLERS = ("um", "well", "so", "like", "you know", "actually", "hmm")
_POLITE = ("please", "hello ,", "hi there", "could you please", "excuse me ,", "thanks ,")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

Codes = NDArray[np.int32]
Change = Callable[[list[str], int, np.random.Generator], list[str]]
"""(the words of a text, how much, chance) -> its words."""


def changed(change: Change, codes: Codes, amount: int, seed: int) -> Codes:
    """Return texts whose words are changed; what is drawn for one depends on its index among them."""
    random = np.random.default_rng(seed)
    length = codes.shape[1]
    said = (change(decode(text).split(), amount, random) for text in codes)
    return np.stack([encode(" ".join(words), length) for words in said])


def mistyped(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    """Return the words with so many slips: two letters swapped, one left out, doubled, or its neighbour on the keys."""
    words = list(words)
    for _ in range(amount):
        long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
        if not long:
            break
        place = long[random.integers(len(long))]
        words[place] = _slip(words[place], random)
    return words


def polite(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    """Return the words behind a courtesy."""
    return [*_POLITE[random.integers(len(_POLITE))].split(), *words]


def unsigned(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    """Return the words without signs, unless there is nothing else."""
    return [word for word in words if word[0].isalnum()] or words


def _slip(word: str, random: np.random.Generator) -> str:
    at = int(random.integers(1, len(word) - 1))
    sort = random.integers(4)
    if sort == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if sort == 1:
        return word[:at] + word[at + 1 :]
    if sort == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + _neighbour(word[at], random) + word[at + 1 :]


def _neighbour(letter: str, random: np.random.Generator) -> str:
    row = next((row for row in _ROWS if letter in row), letter)
    at = row.index(letter)
    near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    return near[random.integers(len(near))] if near else letter


def _lost(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    kept = np.sort(random.permutation(len(words))[: max(1, len(words) - amount)])
    return [words[place] for place in kept]


def _joined(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    words = list(words)
    for _ in range(min(amount, len(words) - 1)):
        at = int(random.integers(len(words) - 1))
        words[at : at + 2] = [words[at] + words[at + 1]]
    return words


def _filled(words: list[str], amount: int, random: np.random.Generator) -> list[str]:
    words = list(words)
    for _ in range(amount):
        words.insert(int(random.integers(len(words) + 1)), _FILLERS[random.integers(len(_FILLERS))])
    return words


def _by_severity(change: Change, amounts: tuple[int, int, int], codes: Codes, severity: int, seed: int) -> Codes:
    return changed(change, codes, amounts[severity - 1], seed)


CORRUPTIONS: Mapping[str, Corruption] = {
    "typos": partial(_by_severity, mistyped, _TYPOS),
    "lost words": partial(_by_severity, _lost, _LOST),
    "joined words": partial(_by_severity, _joined, _JOINED),
    "filler words": partial(_by_severity, _filled, _LOST),
}
