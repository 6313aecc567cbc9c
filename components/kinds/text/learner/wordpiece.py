"""Characters -> the pieces of words that an encoder reads, inside of the graph (WordPiece: Wu et al. 2016).

Of each word the longest piece that begins it is taken, then the longest of the rest, and so on, as BERT's tokenizer
does it. Here all runs of characters of all places are looked up at once: each has a hash of 62 bits, two polynomials
modulo a prime, and those of the vocabulary are sorted. From where a word begins, pieces are followed to their ends by
doubling: after n rounds all are found of which 2^n stand in a word.
"""

import unicodedata

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_PRIME = 2**31 - 1
_BASES = (1_000_003, 48_271)
_BLANK = 32
_BUCKETS = 2**16
_BUCKET_SIZE = 2**63 // _BUCKETS  # keys are below 2^63
_CONTINUED = "##"
_NUMBERS = 2**32  # more than there are pieces
_ROUNDS = 6  # of doubling: of more pieces in a word than 64 the rest is left out
_PLAIN = 0x2000  # code points below this may have accents, which an uncased vocabulary does not know
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class WordPiece(nn.Module):
    """Code points int32 `[N, length]` of words parted by blanks -> pieces int64 `[N, P]`, 0 behind the last.

    P is the most pieces of one of the texts, or `pieces`. Letters are taken without their accents.
    """

    keys: Tensor
    buckets: Tensor
    numbers: Tensor
    plain: Tensor
    powers: Tensor
    inverses: Tensor
    places: Tensor
    sizes: Tensor
    fits: Tensor
    run_ends: Tensor

    def __init__(self, vocabulary: list[str], length: int, pieces: int) -> None:
        """Take the pieces by their numbers, how many characters there are, and how many pieces are read at most."""
        super().__init__()
        self.length, self.pieces = length, min(pieces, length + 2)
        self.special = tuple(vocabulary.index(piece) for piece in (_START, _END, _UNKNOWN))
        words = [(piece.removeprefix(_CONTINUED), piece.startswith(_CONTINUED)) for piece in vocabulary]
        known = {
            _key(word, continued): number
            for number, (word, continued) in enumerate(words)
            if word and not (word[0] == "[" and word[-1] == "]" and len(word) > 1)
        }
        self.longest, self.known = max(len(word) for word, _ in words), len(known)
        keys = sorted(known)
        self._keep("keys", torch.tensor(keys))
        first = np.searchsorted(np.array(keys), np.arange(_BUCKETS) * _BUCKET_SIZE)
        self._keep("buckets", torch.from_numpy(np.minimum(first, len(keys) - 1)))
        fullest = int(np.diff(first, append=len(keys)).max())
        self.step = 1 << (fullest - 1).bit_length()
        self._keep("numbers", torch.tensor([known[key] for key in keys]))
        self._keep("plain", torch.from_numpy(_without_accents()))
        powers = np.array([_powers(base, length + 1) for base in _BASES])
        self._keep("powers", torch.from_numpy(powers[:, :length]))
        self._keep("inverses", torch.tensor([[pow(int(one), -1, _PRIME) for one in of[:length]] for of in powers]))
        self._keep("places", torch.arange(length))
        self._keep("sizes", torch.arange(1, min(self.longest, length) + 1))
        ends = self.places + self.sizes[:, None]
        self._keep("fits", ends <= length)
        self._keep("run_ends", ends.clamp(max=length))

    def _keep(self, name: str, values: Tensor) -> None:
        self.register_buffer(name, values, persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the pieces."""
        codes = codes.long()
        codes = torch.where(codes < _PLAIN, self.plain[codes.clamp(max=_PLAIN - 1)], codes)
        letters = (codes != _BLANK) & (codes != 0)
        begins = letters & functional.pad(codes[:, :-1] == _BLANK, (1, 0))
        ends, numbers = self._longest_pieces(codes, begins)
        reached = self._reached(begins, ends, letters)
        return self._in_order(*self._known_words(codes, letters, begins, reached, ends, numbers))

    def _longest_pieces(self, codes: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Return where the longest piece from each place ends, and its number; the place itself: there is none."""
        hashes = []
        for row in range(len(_BASES)):
            sums = functional.pad(torch.cumsum(codes * self.powers[row] % _PRIME, 1), (1, 0))
            runs = sums[:, self.run_ends] - sums[:, None, : self.length]  # [N, S, length], S sizes of a run
            hashes.append(runs % _PRIME * self.inverses[row] % _PRIME)
        found, numbers = self._looked_up((hashes[0] * 2**31 + hashes[1]) * 2 + (~begins)[:, None].long())
        sizes = torch.where(found & self.fits, self.sizes[:, None], 0)
        best = (sizes * _NUMBERS + numbers).amax(dim=1)  # the longest; of one size there is one
        size = torch.div(best, _NUMBERS, rounding_mode="trunc")
        return self.places + size, best - size * _NUMBERS

    def _looked_up(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Return which keys are in the vocabulary, and the numbers of these.

        By halving, for which ONNX has no word, from where those with the same first bits begin.
        """
        at, step = self.buckets[torch.div(keys, _BUCKET_SIZE, rounding_mode="trunc")], self.step
        while step := step // 2:
            further = (at + step).clamp(max=self.known - 1)
            at = torch.where(self.keys[further] <= keys, further, at)
        return self.keys[at] == keys, self.numbers[at]

    def _reached(self, begins: Tensor, ends: Tensor, letters: Tensor) -> Tensor:
        """Return at which places a piece begins, from where words do; one that is no letter ends the way."""
        within = functional.pad(letters, (0, 1))
        following = functional.pad(ends, (0, 1), value=self.length)  # [N, length + 1], the last leads to itself
        following = torch.where(within.gather(1, following), following, self.length)
        reached = functional.pad(begins, (0, 1)).long()
        for _ in range(_ROUNDS):
            reached = reached.scatter_add(1, following, reached).clamp(max=1)
            following = following.gather(1, following)
        return (reached[:, : self.length] > 0) & letters

    def _known_words(
        self, codes: Tensor, letters: Tensor, begins: Tensor, reached: Tensor, ends: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return where pieces stand, and their numbers: of a word with a part that is no piece one alone, unknown."""
        word = torch.cumsum((codes == _BLANK).long(), 1)
        lost = reached & (ends == self.places)
        failed = torch.zeros_like(word).scatter_add(1, (word - 1).clamp(min=0), lost.long())
        unknown = (failed.gather(1, (word - 1).clamp(min=0)) > 0) & letters
        stands = (unknown & begins) | (~unknown & reached)
        return stands, torch.where(unknown, self.special[2], numbers)

    def _in_order(self, stands: Tensor, numbers: Tensor) -> Tensor:
        """Return the numbers where pieces stand, one behind the other, between a start and an end."""
        most = self.pieces - 2
        firsts = torch.topk(torch.where(stands, self.length - self.places, 0), min(most, self.length), dim=1).values
        there = firsts > 0
        chosen = numbers.gather(1, (self.length - firsts).clamp(max=self.length - 1)) * there
        count = there.sum(dim=1, keepdim=True)
        padded = functional.pad(chosen, (0, 1))
        padded = torch.where(torch.arange(padded.shape[1], device=padded.device) == count, self.special[1], padded)
        # a slice up to a tensor is one in the graph, too, where tracing would write a number down
        return functional.pad(padded, (1, 0), value=self.special[0])[:, : count.max() + 2]


def _key(piece: str, continued: bool) -> int:
    high, low = (
        sum(ord(character) * power for character, power in zip(piece, _powers(base, len(piece)), strict=True)) % _PRIME
        for base in _BASES
    )
    return (high * 2**31 + low) * 2 + continued


def _powers(base: int, count: int) -> list[int]:
    powers = [1]
    for _ in range(count - 1):
        powers.append(powers[-1] * base % _PRIME)
    return powers


def _without_accents() -> NDArray[np.int64]:
    """Return each of the first code points without its accent, where it has a letter of its own."""
    plain = np.arange(_PLAIN)
    for point in range(0x80, _PLAIN):
        parts = [part for part in unicodedata.normalize("NFD", chr(point)) if unicodedata.category(part) != "Mn"]
        if len(parts) == 1:
            plain[point] = ord(parts[0])
    return plain
