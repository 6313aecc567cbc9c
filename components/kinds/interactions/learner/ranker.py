"""What is served: lists of recent items -> suggestions, computed in whole numbers.

Two items whose scores are nearly the same would change places by the order in which a processor adds; whole numbers
that float32 holds exactly (below 2^24) have sums that no order changes. So the same version suggests the same on every
machine, for one list or many at once, and of items with the same score the older one comes first.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from components.kinds.suggestions import COLUMNS

if TYPE_CHECKING:
    from components.kinds.interactions.codec.input import Input

_ABOVE = 1 << 40  # added to scores, so that 0 is below any


class Scorer(nn.Module):
    """Whole numbers of a model of items."""

    scale: Tensor
    """What a score of 1 is in whole numbers, `[]`."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers of what a list is seen by."""

    @abstractmethod
    def look(self, recent: Tensor) -> Tensor:
        """Return what the model keeps of recent items int64 `[N, length]`, numbers from 1."""

    @abstractmethod
    def scores(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return the score of each item, int64 `[N, items]`."""

    @abstractmethod
    def reasons(self, seen: Tensor, recent: Tensor, items: Tensor) -> Tensor:
        """Return how much each recent item speaks for each of `items` `[N, T]`, int64 `[N, length, T]`."""

    @abstractmethod
    def features(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return what lists are told apart by, float32 `[N, width]`."""


class Ranker(nn.Module):
    """Lists int32 `[N, length + exclude]` -> a ranking `[N, 4 T]`, and what lists are told apart by."""

    def __init__(self, scorer: Scorer, input: "Input", width: int) -> None:
        """Take the model, the description of lists, and the columns of a ranking."""
        super().__init__()
        self.scorer, self.items, self.length = scorer, input["items"], input["length"]
        self.repeats, self.most = input["repeats"], width // COLUMNS
        self.width = scorer.width

    def scored(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        known = torch.where(inputs > self.items, 0, inputs).long()  # what came up later is not known here
        recent = known[:, : self.length]
        seen = self.scorer.look(recent)
        scores = self.scorer.scores(seen, recent) + _ABOVE
        left_out = known[:, self.length :] if self.repeats else known
        named = torch.zeros(scores.shape[0], self.items + 1, dtype=torch.int64, device=scores.device)
        named = named.scatter(1, left_out, 1)[:, 1:]
        return self._ranking(scores * (1 - named), seen, recent), self.scorer.features(seen, recent)

    def _ranking(self, scores: Tensor, seen: Tensor, recent: Tensor) -> Tensor:
        order = torch.arange(self.items - 1, -1, -1, device=scores.device)
        best = torch.topk(scores * self.items + order, min(self.most, self.items), dim=1).indices
        there = scores.gather(1, best) > 0
        found = (scores.gather(1, best) - _ABOVE).float() / self.scorer.scale
        reasons = self.scorer.reasons(seen, recent, best).clamp(min=0)
        place = torch.arange(self.length - 1, -1, -1, device=scores.device)[None, :, None]
        strongest = torch.topk(reasons * self.length + place, 1, dim=1).indices[:, 0]  # the latest, of equals
        strength = reasons.gather(1, strongest[:, None])[:, 0]
        because = torch.where(there & (strength > 0), recent.gather(1, strongest) - 1, -1)
        part = strength.float() / reasons.sum(dim=1).clamp(min=1).float()
        columns = [torch.where(there, best, -1).float(), torch.where(there, found, 0.0), because.float(), part * there]
        missing = self.most - min(self.most, self.items)
        empty = [-1.0, 0.0, -1.0, 0.0]
        if missing:
            columns = [
                nn.functional.pad(column, (0, missing), value=fill) for column, fill in zip(columns, empty, strict=True)
            ]
        return torch.cat(columns, dim=1)
