import numpy as np
import pytest
import torch

from components.kinds.image.learner.whitening import Whitening

NOISE = torch.randn(200, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def _smooth(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.cumsum(3) / 3


@pytest.mark.parametrize("channels", [1, 3])
def test_parts_are_uncorrelated_and_of_one_size(channels: int) -> None:
    pictures = _smooth(NOISE[:, :channels])
    whitening = Whitening(channels)
    whitening.measure(pictures)
    parts = whitening(pictures)
    assert parts.shape == (200, 8 * channels, 11, 11)
    half = parts[:, : 4 * channels].permute(0, 2, 3, 1).flatten(0, 2)
    assert torch.allclose(half.T @ half / len(half), torch.eye(4 * channels), atol=0.02)
    assert torch.equal(parts[:, 4 * channels :], -parts[:, : 4 * channels])


@pytest.mark.parametrize("pictures", [torch.zeros(3, 1, 8, 8), torch.ones(1, 1, 8, 8), NOISE[:1, :1]])
def test_few_or_flat_pictures_leave_it_finite(pictures: torch.Tensor) -> None:
    whitening = Whitening(1)
    whitening.measure(pictures)
    assert whitening.kernels.isfinite().all()
    assert whitening.kernels.abs().max() < 1 / np.sqrt(4e-4)


def test_it_is_never_taught() -> None:
    assert not list(Whitening(1).parameters())
