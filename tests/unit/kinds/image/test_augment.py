import numpy as np
import torch
from torch.nn import functional

from components.kinds.image.learner.augment import Augmentation, augment

PICTURES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (50, 8, 10, 3), dtype=np.uint8))
WHOLE = slice(0, 50)


def _augmented(flip: bool = False, shift: int = 0, erase: float = 0.0, part: slice = WHOLE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return augment(PICTURES[part], generator, Augmentation(flip, shift, erase), 50, part)


def test_with_nothing_to_do_pictures_stay_as_they_are() -> None:
    assert torch.equal(_augmented(), PICTURES)


def test_half_of_the_pictures_are_mirrored() -> None:
    mirrored = _augmented(flip=True)
    kept = (mirrored == PICTURES).flatten(1).all(1)
    turned = (mirrored == PICTURES.flip(2)).flatten(1).all(1)
    assert (kept ^ turned).all()
    assert 10 < int(turned.sum()) < 40


def test_pictures_are_moved_as_a_whole_and_reflected_at_the_border() -> None:
    moved = _augmented(shift=1)
    padded = functional.pad(PICTURES.permute(0, 3, 1, 2).float(), (1, 1, 1, 1), mode="reflect").byte()
    for place in range(50):
        windows = [padded[place, :, r : r + 8, c : c + 10] for r in range(3) for c in range(3)]
        assert any(torch.equal(moved[place].permute(2, 0, 1), window) for window in windows)


def test_a_shift_wider_than_the_picture_is_reflected_again() -> None:
    assert _augmented(shift=64).shape == PICTURES.shape


def test_a_share_of_the_pictures_loses_one_rectangle_of_one_shade() -> None:
    changed = (_augmented(erase=0.5) != PICTURES).any(3)
    hit = changed.flatten(1).any(1)
    assert 10 < int(hit.sum()) < 40
    for before, after, place in zip(PICTURES[hit], _augmented(erase=0.5)[hit], changed[hit], strict=True):
        rows, columns = place.any(1).nonzero().flatten(), place.any(0).nonzero().flatten()
        box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
        assert len(after[box].unique()) == 1
        assert before[box].numel() <= 0.4 * before.numel()  # a quarter of it, sides rounded to whole pixels


def test_every_picture_can_lose_one() -> None:
    changed = (_augmented(erase=1.0) != PICTURES).flatten(1).any(1)
    assert int(changed.sum()) >= 48  # a pixel may have the shade already


def test_the_parts_of_a_batch_make_the_whole() -> None:
    settings = {"flip": True, "shift": 2, "erase": 0.5}
    parts = [_augmented(**settings, part=slice(start, start + 20)) for start in (0, 20, 40)]
    assert torch.equal(torch.cat(parts), _augmented(**settings))
