import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from components.kinds.batches import AllBatches
from components.kinds.image.learner.augment import Augmentation, augment
from components.kinds.image.learner.batches import TrainingBatches, channel_statistics
from components.kinds.image.learner.muon import Muon
from components.kinds.image.learner.network import Network, Preprocessing, Serving
from components.tasks.classification.objective import Classification

RANDOM = np.random.default_rng(0)
TEN, PRIOR = Classification(10, "accuracy"), np.zeros(10, np.float32)
PICTURES = RANDOM.integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
LABELS = np.arange(50, dtype=np.int64)


def test_an_epoch_is_every_picture_once_and_the_next_one_is_whole_too() -> None:
    batches = TrainingBatches(PICTURES, LABELS, 10, seed=0, how=Augmentation(False, 0, 0.0))
    orders = []
    for _ in range(3):
        iterator = iter(batches)
        labels = [next(iterator)[1] for _ in range(len(batches))]  # as Lightning does: never asks for one more
        orders.append(torch.cat(labels).tolist())
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] != orders[1] != orders[2]


@pytest.mark.parametrize("batch_size", [7, 16, 32, 49, 100])
def test_no_picture_is_left_out_and_no_batch_is_small(batch_size: int) -> None:
    batches = TrainingBatches(PICTURES, LABELS, batch_size, seed=0, how=Augmentation(False, 0, 0.0))
    labels = [labels for _, labels in batches]
    assert sorted(torch.cat(labels).tolist()) == list(range(50))
    sizes = [len(batch) for batch in labels]
    assert len(sizes) == len(batches)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_a_batch_is_a_pure_function_of_seed_epoch_and_index() -> None:
    def third_of_second_epoch(seed: int) -> torch.Tensor:
        torch.manual_seed(RANDOM.integers(1000))  # the global generator has no say
        batches = TrainingBatches(PICTURES, LABELS, 10, seed, Augmentation(True, 2, 0.5))
        list(batches)
        return list(batches)[2][0]

    assert torch.equal(third_of_second_epoch(1), third_of_second_epoch(1))
    assert not torch.equal(third_of_second_epoch(1), third_of_second_epoch(2))


def test_a_share_of_the_pictures_is_seen_in_another_light_and_with_noise() -> None:
    pictures = torch.from_numpy(RANDOM.integers(60, 200, (200, 8, 8, 3), dtype=np.uint8))

    def varied(share: float, seed: int = 0, part: slice = slice(0, 200)) -> torch.Tensor:
        how = Augmentation(False, 0, 0.0, share)
        return augment(pictures[part], torch.Generator().manual_seed(seed), how, 200, part)

    assert torch.equal(varied(0.0), pictures)
    changed = (varied(0.5) != pictures).flatten(1).any(dim=1)
    assert 70 < int(changed.sum()) < 130
    assert torch.equal(varied(0.5), varied(0.5))
    assert not torch.equal(varied(0.5), varied(0.5, seed=1))
    assert torch.equal(torch.cat([varied(0.5, part=slice(0, 90)), varied(0.5, part=slice(90, 200))]), varied(0.5))
    assert (varied(1.0).float().mean() - pictures.float().mean()).abs() < 5


def test_iterating_goes_on_from_its_state() -> None:
    whole = TrainingBatches(PICTURES, LABELS, 10, seed=0, how=Augmentation(True, 1, 0.5))
    expected = [*whole, *whole]
    first = TrainingBatches(PICTURES, LABELS, 10, seed=0, how=Augmentation(True, 1, 0.5))
    list(first)
    iterator = iter(first)
    next(iterator), next(iterator)
    second = TrainingBatches(PICTURES, LABELS, 10, seed=0, how=Augmentation(True, 1, 0.5))
    second.load_state_dict(first.state_dict())
    rest = list(second)
    assert len(rest) == 3
    assert all(torch.equal(a[0], b[0]) for a, b in zip(rest, expected[7:], strict=True))


def test_every_picture_is_validated_once() -> None:
    batches = AllBatches(PICTURES, LABELS, 15)
    assert [len(labels) for _, labels in batches] == [12, 13, 12, 13]
    assert len(batches) == 4


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("channels", "side"), [(1, 8), (1, 28), (3, 9), (3, 33), (3, 64)])
def test_any_size_is_taken(channels: int, side: int, depth: int, fine: bool) -> None:
    network = Network(channels, np.zeros(7, np.float32), width=4, depth=depth, fine=fine).eval()
    assert network(torch.zeros(2, channels, side, side)).shape == (2, 7)
    assert sum(isinstance(module, torch.nn.Conv2d) for module in network.modules()) == 3 * depth


@pytest.mark.parametrize("depth", [2, 3])
def test_untaught_it_guesses(depth: int) -> None:
    network, preprocessing = Network(1, PRIOR, 16, depth, fine=depth > 2), Preprocessing(*channel_statistics(PICTURES))
    probabilities = Serving(preprocessing, network, TEN, views=2).train()(torch.from_numpy(PICTURES))[0]
    assert torch.allclose(probabilities.sum(1), torch.ones(50))
    loss = -probabilities[:, 0].log().mean().item()
    assert abs(loss - math.log(10)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 5])
def test_one_batch_can_be_learned_by_heart(depth: int) -> None:
    torch.manual_seed(0)
    network, preprocessing = Network(1, PRIOR, 16, depth, fine=depth > 2), Preprocessing(*channel_statistics(PICTURES))
    pictures, labels = preprocessing(torch.from_numpy(PICTURES)), torch.from_numpy(LABELS % 10)
    network.whitening.measure(pictures)
    kernels = [weights for weights in network.parameters() if weights.ndim == 4]
    rest = [weights for weights in network.parameters() if weights.ndim != 4]
    optimizer = Muon([{"params": kernels, "lr": 0.02, "orthogonal": True}, {"params": rest, "lr": 0.1}], momentum=0.9)
    for _ in range(60):
        loss = functional.cross_entropy(network(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_two_views_do_not_tell_left_from_right() -> None:
    torch.manual_seed(0)
    network, preprocessing = Network(1, PRIOR, 16, 2, fine=False), Preprocessing(*channel_statistics(PICTURES))
    torch.nn.init.normal_(network.head.weight)
    pictures = torch.from_numpy(PICTURES)
    for views, same in ((1, False), (2, True)):
        serving = Serving(preprocessing, network, TEN, views).eval()
        assert torch.allclose(serving(pictures)[0], serving(pictures.flip(2))[0], atol=1e-6) == same


@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_a_temperature_changes_how_sure_it_is_and_no_answer(temperature: float) -> None:
    torch.manual_seed(0)
    network, preprocessing = Network(1, PRIOR, 16, 2, fine=False), Preprocessing(*channel_statistics(PICTURES))
    torch.nn.init.normal_(network.head.weight)
    pictures = torch.from_numpy(PICTURES)
    untempered, tempered = (Serving(preprocessing, network, TEN, 2, at).eval() for at in (1.0, temperature))
    (plain, embedding), (found, same) = untempered(pictures), tempered(pictures)
    assert torch.allclose(found, (untempered.raw(pictures) / temperature).softmax(dim=1), atol=1e-6)
    assert (found.argmax(dim=1) == plain.argmax(dim=1)).all()
    assert (found.amax(dim=1) > plain.amax(dim=1)).all() == (temperature < 1)
    assert embedding.shape == (50, 64)
    assert torch.equal(embedding, same)


@pytest.mark.parametrize("scale", [1, 255])
def test_gradients_are_finite_in_bf16(scale: int) -> None:
    """From untrained to trained, on faint pictures and on glaring ones."""
    torch.manual_seed(0)
    faint = (PICTURES > 127).astype(np.uint8) * scale
    network, preprocessing = Network(1, PRIOR, 16, 3, fine=True), Preprocessing(*channel_statistics(faint))
    pictures, labels = preprocessing(torch.from_numpy(faint)), torch.from_numpy(LABELS % 10)
    network.whitening.measure(pictures)
    kernels = [weights for weights in network.parameters() if weights.ndim == 4]
    rest = [weights for weights in network.parameters() if weights.ndim != 4]
    optimizer = Muon([{"params": kernels, "lr": 0.02, "orthogonal": True}, {"params": rest, "lr": 0.1}], momentum=0.9)
    for _ in range(20):
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(pictures)
        loss = functional.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        assert all(bool(weights.grad.isfinite().all()) for weights in network.parameters())
        optimizer.step()
    assert loss.item() < math.log(10)


def test_preprocessing_normalises() -> None:
    out = Preprocessing(*channel_statistics(PICTURES))(torch.from_numpy(PICTURES))
    assert out.shape == (50, 1, 8, 8)
    assert abs(out.mean().item()) < 1e-5
    assert abs(out.std().item() - 1) < 1e-3
