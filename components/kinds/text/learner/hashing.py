"""Characters -> the places of words, pairs of words and runs of characters among many buckets, inside of the graph."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_PRIME = 2**31 - 1
_BASE = 1_000_003
_BLANK = 32
_RUNS = {3: 40_503, 4: 69_069, 5: 1_664_525}
"""Characters of a run, blanks among them, and what tells its hashes from the others'."""
_WORDS = {1: 22_695_477, 2: 1_103_515_245}
"""Words that stand together, likewise."""


class Hashing(nn.Module):
    """Code points int32 `[N, length]` -> buckets int64 `[N, F]`; 0: nothing stands there.

    The hash of a run is the polynomial of its code points modulo a prime (Karp and Rabin 1987), taken from sums up to
    each place: a word's is found from where it begins and ends, so that one pass over the text hashes all of them.
    """

    powers: Tensor
    inverses: Tensor
    places: Tensor

    def __init__(self, length: int, words: int, buckets: int) -> None:
        """Take how many characters and words are read of a text, and how many buckets there are, 0 among them."""
        super().__init__()
        self.length, self.words, self.buckets = length, words, buckets
        powers = [1]
        for _ in range(length):
            powers.append(powers[-1] * _BASE % _PRIME)
        inverses = [pow(power, -1, _PRIME) for power in powers]
        self.register_buffer("powers", torch.tensor(powers[:length]), persistent=False)
        self.register_buffer("inverses", torch.tensor(inverses), persistent=False)
        self.register_buffer("places", torch.arange(length, 0, -1), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the buckets."""
        codes = codes.long()
        sums = functional.pad(torch.cumsum(codes * self.powers % _PRIME, 1), (1, 0))  # [N, length + 1]
        return torch.cat([*self._runs(codes, sums), *self._word_runs(codes, sums)], dim=1)

    def _runs(self, codes: Tensor, sums: Tensor) -> list[Tensor]:
        found = []
        for size, salt in _RUNS.items():
            hashes = (sums[:, size:] - sums[:, :-size]) % _PRIME * self.inverses[: self.length - size + 1] % _PRIME
            found.append(self._buckets(hashes, salt, codes[:, size - 1 :] != 0))
        return found

    def _word_runs(self, codes: Tensor, sums: Tensor) -> list[Tensor]:
        """Return those of words: the blanks come first where places are sorted, in their order."""
        blanks = torch.where(codes == _BLANK, self.places, 0)
        counted = torch.topk(blanks, self.words + 1, dim=1).values  # [N, words + 1]
        at = self.length - counted
        found = []
        for size, salt in _WORDS.items():
            first, last = (at[:, :-size] + 1).clamp(max=self.length), at[:, size:]
            hashes = (sums.gather(1, last) - sums.gather(1, first)) % _PRIME * self.inverses[first] % _PRIME
            found.append(self._buckets(hashes, salt, counted[:, size:] > 0))
        return found

    def _buckets(self, hashes: Tensor, salt: int, there: Tensor) -> Tensor:
        return torch.where(there, 1 + hashes * salt % _PRIME % (self.buckets - 1), 0)
