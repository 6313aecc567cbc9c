import pytest
import torch
from torch import Tensor

from components.kinds.image.learner.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(16, 72), (72, 16), (32, 32)])
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    before, after = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonal(matrix))
    assert after.max() < 1.3
    assert after.min() / after.max() > before.min() / before.max()
    assert abs(after.median().item() - 1) < 0.35


def test_nothing_stays_nothing() -> None:
    assert torch.equal(orthogonal(torch.zeros(4, 8)), torch.zeros(4, 8))


def test_what_is_no_kernel_learns_as_with_sgd() -> None:
    ours, theirs = (torch.nn.Parameter(torch.arange(5.0)) for _ in range(2))
    optimizers = [Muon([{"params": [ours], "lr": 0.1}], 0.9), torch.optim.SGD([theirs], 0.1, 0.9, nesterov=True)]
    for _ in range(5):
        for weights, optimizer in zip((ours, theirs), optimizers, strict=True):
            weights.grad = weights.detach() ** 2 / 10
            optimizer.step()
    assert torch.allclose(ours, theirs)


def test_a_step_goes_on_from_its_state() -> None:
    gradients = torch.randn(6, 8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    whole, first, second = (torch.nn.Parameter(torch.ones(8, 3, 3, 3)) for _ in range(3))
    _steps(whole, _muon(whole), gradients)
    interrupted = _muon(first)
    _steps(first, interrupted, gradients[:3])
    second.data.copy_(first)
    resumed = _muon(second)
    resumed.load_state_dict(interrupted.state_dict())
    _steps(second, resumed, gradients[3:])
    assert torch.equal(whole, second)


def test_weights_decay_apart_from_the_gradient() -> None:
    weights = torch.nn.Parameter(torch.ones(4, 4, 3, 3))
    _steps(weights, _muon(weights), torch.zeros(1, 4, 4, 3, 3))
    assert torch.allclose(weights, torch.full_like(weights, 1 - 0.1 * 0.5))


def _muon(weights: Tensor) -> Muon:
    return Muon([{"params": [weights], "lr": 0.1, "weight_decay": 0.5, "orthogonal": True}], 0.9)


def _steps(weights: torch.nn.Parameter, optimizer: Muon, gradients: Tensor) -> None:
    for gradient in gradients:
        weights.grad = gradient
        optimizer.step()
