"""A network with fresh weights, and the preprocessing of its pictures: measured, not learned."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from components.kinds.image.learner.batches import channel_statistics, some_of
from components.kinds.image.learner.network import Network, Preprocessing

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.params import Train

_MEASURED = 1_000  # pictures that the whitening is measured on; each has a patch for every pixel


def fresh_network(
    pictures: NDArray[np.uint8], config: "Train", objective: "Objective"
) -> tuple[Network, Preprocessing]:
    """Return both, measured on `pictures` `[N, H, W, C]`; weights depend on torch's global seed."""
    preprocessing = Preprocessing(*channel_statistics(pictures))
    width, depth = config.width or 0, config.depth or 0  # which every recipe says that comes here
    network = Network(pictures.shape[-1], objective.prior, width, depth, bool(config.fine))
    some = torch.from_numpy(np.array(some_of(pictures, _MEASURED)))
    network.whitening.measure(preprocessing(some))
    return network, preprocessing
