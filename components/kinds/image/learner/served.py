"""What is made of a trained module of pictures, whichever it is."""

import torch
from torch import nn

from components.kinds.image.learner.gaussian import GaussianModule
from components.kinds.image.learner.lightning_module import PictureModule
from components.kinds.image.learner.pretrained.lightning_module import PretrainedModule
from components.kinds.image.learner.pretrained.patches import PatchModule

Module = PictureModule | PretrainedModule | GaussianModule | PatchModule


def serving(module: Module, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs, in evaluation mode: uint8 `[N, H, W, C]` -> outputs and embedding."""
    return module.serving(temperature).eval()


def raw(module: Module, pictures: torch.Tensor) -> torch.Tensor:
    """Return `[N, width]`, in evaluation mode: what `serving` makes outputs of."""
    taken = module if isinstance(module, PretrainedModule) else module.serving()  # it takes so many as memory holds
    numbers: torch.Tensor = taken.eval().raw(pictures)
    return numbers
