"""FixMatch (Sohn et al. 2020, arXiv:2001.07685): a picture without a label is what the network is sure that it is.

What it says of a picture that is augmented weakly, where it is sure, is learned as the label of the same picture
augmented strongly. The constants are the paper's (section 2.3 and table 4), but for `RATIO`, which is 7 there and
smaller here because it is most of the cost; the two were not compared. What is guessed is aligned first with the
classes as the labels have them (ReMixMatch, Berthelot et al. 2019, arXiv:1911.09785, section 3.1), as in the paper's
appendix.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, distributed

if TYPE_CHECKING:
    from components.kinds.contract import Objective

THRESHOLD = 0.95
"""Probability from which a guess is learned."""
WEIGHT = 1.0
"""Of the loss of pictures without labels, in that of those with labels."""
RATIO = 4
"""Pictures without a label of a step, times those with one."""
_FOLLOWED = 0.1  # of the mean of the guesses is the last batch's
_LEAST = 1e-4


class FixMatch:
    """The loss of pictures without labels."""

    def __init__(self, objective: "Objective", shares: Tensor) -> None:
        """Take what is learned, and the share of each class among the labels, `[K]`."""
        self._objective, self._shares = objective, shares
        self.guessed = shares.clone()
        """The mean of what was guessed, `[K]`."""

    def loss(self, weak: Tensor, strong: Tensor) -> Tensor:
        """Return it, of the head's numbers `[N, width]` of the same pictures augmented weakly and strongly."""
        probabilities = self._aligned(self._objective.outputs(weak.detach()))
        sure, guesses = probabilities.max(dim=1)
        learned = sure >= THRESHOLD
        guesses = torch.where(learned, guesses, -1)
        return WEIGHT * learned.float().mean() * self._objective.loss(strong, guesses)

    def _aligned(self, probabilities: Tensor) -> Tensor:
        """Return the probabilities `[N, K]` as they are if no class is guessed more often than it is labelled."""
        mean = probabilities.mean(dim=0)
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(mean)
            mean = mean / distributed.get_world_size()
        self.guessed = (1 - _FOLLOWED) * self.guessed.to(mean.device) + _FOLLOWED * mean
        aligned = probabilities * self._shares.to(mean.device) / self.guessed.clamp_min(_LEAST)
        return aligned / aligned.sum(dim=1, keepdim=True)
