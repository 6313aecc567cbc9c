import numpy as np

from components.registry.gate.calibration import chance
from components.registry.gate.measure import stratified_sample


def test_rare_classes_are_taken_whole_and_others_fill_up() -> None:
    labels = np.array([0] * 900 + [1] * 5 + [2] * 300)
    places = stratified_sample(labels, 105, 0)
    assert np.bincount(labels[places]).tolist() == [50, 5, 50]
    assert (np.diff(places) > 0).all()
    assert stratified_sample(labels, 105, 0).tolist() == places.tolist()
    assert len(stratified_sample(labels, 5000, 0)) == len(labels)


def test_chance_leaves_the_unsure_room_and_the_certain_none() -> None:
    unsure = np.full((200, 4), 0.25, dtype=np.float32)
    certain = np.tile(np.array([1.0, 0, 0, 0], dtype=np.float32), (200, 1))
    assert 0.02 < chance(unsure, 0) < 0.2
    assert chance(np.repeat(unsure, 100, axis=0), 0) < 0.02
    assert chance(certain, 0) == 0.0
