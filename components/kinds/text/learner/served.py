"""What the endpoint runs, and how it tells texts that are unlike training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from components.kinds.serving import Serving

if TYPE_CHECKING:
    from components.kinds.prepared import PreparedData


class TextServing(Serving):
    """Texts with classes are told by their largest logit: what nobody has learned raises none.

    Not by their distance from the mean of training, as other examples are: a sum of vectors that mean nothing to the
    model is short, and lies near to the mean.
    """

    def measure_unfamiliarity(self, data: "PreparedData") -> None:
        """Tell from now on how unlike training a text is."""
        if self.objective.calibrated:
            self.unfamiliarity = LargestLogit(self.objective.width)
        else:
            super().measure_unfamiliarity(data)


class LargestLogit(nn.Module):
    """Logits `[N, width]` -> the largest, negative, `[N]` (Hendrycks et al. 2022, arXiv:1911.11132).

    Of two classes there is one logit, and half of it counts for each.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, raw: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return how unlike training each text is; more is more unlike."""
        if self.width == 1:
            return raw[:, 0] / 2 - functional.softplus(raw[:, 0])
        return -raw.amax(dim=1)
