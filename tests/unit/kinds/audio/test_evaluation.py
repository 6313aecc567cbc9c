from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from components.config.errors import DataError
from components.kinds.audio import erasure, evaluation, logged, sample, scoring, source, space
from components.kinds.audio.codec import sound
from components.kinds.audio.evaluation.corruption import corruptions_at, noisy, reverberant
from components.kinds.audio.params import Train
from components.kinds.logged import LoggedRow
from tests.unit.kinds.audio.conftest import Prepared
from tests.voices import file, said

RANDOM = np.random.default_rng(0)


def recordings(count: int = 4) -> NDArray[np.int16]:
    return np.stack(
        [sound.decode(file(said("a", "anna", index)), {"rate": 8_000, "length": 2_400}) for index in range(count)]
    )


@pytest.mark.parametrize("name", corruptions_at(8_000))
def test_a_corruption_is_repeatable_worse_by_its_severity_and_leaves_what_it_was_given(name: str) -> None:
    given, corruption = recordings(), corruptions_at(8_000)[name]
    before = given.copy()
    made = [corruption(given, severity, 3) for severity in (1, 2, 3)]
    assert np.array_equal(given, before)
    assert np.array_equal(made[0], corruption(given, 1, 3))
    if name == "room":  # its echoes leave the window
        far = [1 - np.corrcoef(one.ravel(), given.ravel())[0, 1] for one in made]
    else:
        far = [np.abs(one.astype(float) - given).mean() for one in made]
    assert 0 < far[0] < far[1] < far[2]
    assert all(one.dtype == np.int16 and one.shape == given.shape for one in made)


def test_noise_lies_as_many_decibels_below_as_is_said() -> None:
    clean = said("a", "bert", 0, seconds=2.0)
    noise = noisy(clean, 10.0, RANDOM) - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10.0, abs=0.3)


def test_a_room_decays_by_60_decibels_in_its_time() -> None:
    pulse = np.zeros(8_000)
    pulse[0] = 1.0
    tail = reverberant(pulse, 0.5, 0.5, 8_000, RANDOM)[1:4_001]
    energy = (tail.reshape(10, -1) ** 2).mean(axis=1)
    assert 10 * np.log10(energy[0] / energy[8]) == pytest.approx(48.0, abs=3.0)
    assert not reverberant(pulse, 0.5, 0.5, 8_000, RANDOM)[4_001:].round(12).any()


def test_the_baseline_learns_vowels_from_mean_and_spread_of_the_bands(prepared: Prepared) -> None:
    data = prepared(test_groups=["carl", "dora"])
    features = evaluation.baseline_features(data, Train())
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(features.train, features.labels)
    assert model.score(features.test, data.labels("test")) > 0.8


def test_a_copy_in_the_training_split_is_found(prepared: Prepared) -> None:
    data = prepared()
    (leak,) = evaluation.leaks(data, Train())
    assert (leak.count, leak.of) == (0, data.counts["test"])
    train = np.array(data.inputs("train"))
    train[5] = data.inputs("test")[2]
    np.save(data.path / "train_inputs.npy", train)
    (leak,) = evaluation.leaks(data, Train())
    assert (leak.count, leak.example) == (1, "test recording 2 is training recording 5")


def test_behaviour_is_tried_on_test_recordings(prepared: Prepared) -> None:
    class Model:
        """Answers by how loud the first half of a recording is against the second: it hears what is moved or noisy."""

        def score(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
            halves = np.abs(samples.astype(np.float32)).reshape(len(samples), 2, -1).mean(axis=2) + 1e-3
            return halves / halves.sum(axis=1, keepdims=True)

        def same(self, before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.bool_]:
            return before.argmax(axis=1) == after.argmax(axis=1)

        def surety(self, outputs: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
            return outputs[np.arange(len(outputs)), before.argmax(axis=1)]

    data = prepared()
    tried = {one.name: one for one in evaluation.behaviours(data, Model(), Train())}  # type: ignore[arg-type]
    softer, moved = tried["at half its size"], tried["moved by a fiftieth of a second"]
    assert softer.passed == softer.count == data.counts["test"]
    assert moved.passed < moved.count
    assert tried["behind heavy noise"].passed > 0


def test_figures_are_of_the_worst_mistakes(prepared: Prepared) -> None:
    data = prepared()
    count = data.counts["test"]
    wrong = np.zeros(count)
    assert evaluation.figures(data, ["a"] * count, ["i"] * count, wrong) == {}
    wrong[1] = 0.9
    figure = evaluation.figures(data, ["a"] * count, ["i"] * count, wrong)["worst_mistakes"]
    assert figure.axes[0].get_title() == "a, is i"


def test_what_is_held_out_and_what_was_answered_are_files_again(prepared: Prepared) -> None:
    data = prepared()
    (row,) = sample.requests(data, [3], True)
    assert np.array_equal(sound.decode(row["sound"], data.input), data.inputs("test")[3])
    answered = LoggedRow("0190a1b2-0000-7000-8000-000000000001", None, data.inputs("test")[3], "a")
    workload = SimpleNamespace(prepare=SimpleNamespace(rate=8_000))
    (record,) = logged.raw([answered], source.SCHEMA, workload).to_pylist()
    assert np.array_equal(sound.decode(record["sound"], data.input), data.inputs("test")[3])
    assert (record["label"], record["name"]) == ("a", "inbox/live/0190a1b2-0000-7000-8000-000000000001.wav")
    with pytest.raises(DataError, match=r"write prepare\.rate"):
        logged.raw([answered], source.SCHEMA, SimpleNamespace(prepare=SimpleNamespace(rate=None)))
    assert erasure.key(workload) == "name"


def test_files_of_recordings_are_rows_of_many(tmp_path: Path) -> None:
    assert [scoring.is_row(name) for name in ("a/b.WAV", "b.flac", "c.csv", "d.opus")] == [True, True, False, True]


def test_the_section_itself_is_among_what_a_search_may_try() -> None:
    config = Train(width=20, mask=5, dropout=0.6)
    found = space.space(config, True)
    assert {"width", "mask", "dropout", "speed", "stretch", "learning_rate", "weight_decay"} == set(found)
    assert all(one.nearest(getattr(config, name)) == getattr(config, name) for name, one in found.items())
