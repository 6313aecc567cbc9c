"""The recipe that begins with a pretrained network of speech."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from components.config.errors import ConfigError, DataError
from components.config.params import parse
from components.inference.bundle import open_session
from components.kinds.audio import learner
from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from components.kinds.audio.learner.network import Standardised
from components.kinds.audio.learner.speech import SpeechEncoder, embedded, versions
from components.kinds.audio.params import Train
from components.kinds.audio.space import space
from components.kinds.prepared import PreparedData
from components.tasks.classification.objective import Classification
from components.training.export import write_onnx
from tests.speech import BANDS, SHAPE, description, tensors, write_artifact
from tests.unit.kinds.audio.conftest import Prepared
from tests.voices import VOICES, file, said

RATE = 8_000
FIVE = Classification(5, "accuracy")


def samples(count: int = 6, rate: int = RATE, length: int = 6_000) -> np.ndarray:
    voices = list(VOICES)
    files = [file(said("aiu"[i % 3], voices[i % 6], i, rate), rate) for i in range(count)]
    return np.stack([sound.decode(one, {"rate": rate, "length": length}) for one in files])


def encoder(rate: int = RATE, length: int = 6_000) -> SpeechEncoder:
    return SpeechEncoder(description([{"path": "x"}]).model_dump(), tensors(), rate, length)


def transfer(**keys: Any) -> Train:
    return Train.model_validate({"recipe": "transfer", **keys})


@pytest.fixture
def pretrained(prepared: Prepared, tmp_path: Path) -> PreparedData[Input]:
    """The vowels, to be learned from beginning with a tiny network."""
    return replace(prepared(), backbone=write_artifact(tmp_path / "backbone"))


def naive_spectrum(recording: np.ndarray, rate: int, around: int) -> np.ndarray:
    """Return the spectrum frame by frame, by a Fourier transform and triangles drawn from their corners."""
    padded = np.pad(recording / 32_768, around)
    size, window, hop = round(0.032 * rate), round(0.025 * rate), round(0.01 * rate)
    before = (size - window) // 2
    hann = np.pad(np.hanning(window + 1)[:-1], (before, size - window - before))
    frames = [padded[start : start + size] * hann for start in range(0, len(padded) - size + 1, hop)]
    power = np.abs(np.fft.rfft(frames)) ** 2

    def mel(hertz: float) -> float:  # Slaney's
        return hertz * 3 / 200 if hertz < 1_000 else 15 + 27 * np.log(hertz / 1_000) / np.log(6.4)

    def hertz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1_000 * 6.4 ** ((mel - 15) / 27)

    corners = [hertz(one) for one in np.linspace(mel(60), mel(3_800), BANDS + 2)]
    places = np.arange(size // 2 + 1) * rate / size
    bands = [
        power @ np.interp(places, corners[at : at + 3], (0.0, 2 / (corners[at + 2] - corners[at]), 0.0))
        for at in range(BANDS)
    ]
    energy = np.stack(bands, axis=1)
    return np.log10(np.maximum(energy / (energy.max() + 1e-12), 1e-8)) + 8


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000])
def test_the_spectrum_is_that_of_a_fourier_transform(rate: int) -> None:
    given = samples(2, rate, rate // 2)
    made = encoder(rate, rate // 2)
    found = made.spectrum(torch.from_numpy(given)).numpy()
    reference = np.stack([naive_spectrum(one, rate, made.around) for one in given])
    assert found.shape == reference.shape
    assert np.abs(found - reference).max() < 2e-3
    assert found.max() == pytest.approx(8.0, abs=1e-3)


def test_the_layers_are_those_of_the_description() -> None:
    made = encoder()
    maps = made.spectrum(torch.from_numpy(samples(2)))[:, None]
    by_hand, named = maps, tensors()

    def layer(maps: torch.Tensor, name: str, bands: int) -> torch.Tensor:
        maps = functional.conv2d(maps, named[f"{name}.weight"], named[f"{name}.bias"], padding=(0, bands))
        return torch.where(maps > 0, maps, torch.clamp(0.2 * maps, min=-0.4))

    for number, block in enumerate(SHAPE["blocks"], start=1):
        if number == 1:
            by_hand = layer(by_hand, "block1.0.both", 1)
        for pair in range(block["pairs"]):
            by_hand = layer(layer(by_hand, f"block{number}.{pair}.bands", 1), f"block{number}.{pair}.frames", 0)
        by_hand = functional.max_pool2d(by_hand, tuple(block["pool"]))
    by_hand = functional.conv2d(by_hand, named["embedding.weight"])[..., 0]
    expected = torch.cat([by_hand.mean(dim=2), by_hand.amax(dim=2), by_hand.amin(dim=2)], dim=1)
    torch.testing.assert_close(made(torch.from_numpy(samples(2))), expected)


def test_how_loud_a_recording_is_means_nothing_and_silence_is_heard_as_such() -> None:
    made, given = encoder(), samples(3).astype(np.float32) / 32_768
    torch.testing.assert_close(
        made(torch.from_numpy(0.03 * given)), made(torch.from_numpy(given)), atol=2e-3, rtol=1e-3
    )
    assert (made.spectrum(torch.zeros(1, 6_000, dtype=torch.int16)) == 0).all()


@pytest.mark.parametrize("length", [1, 400, 800, 2_000, 40_000])
def test_recordings_of_any_length_are_heard(length: int) -> None:
    made = encoder(length=length)
    assert made(torch.ones(2, length, dtype=torch.int16)).shape == (2, made.width)


def test_recordings_that_hold_too_few_frequencies_are_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"hears frequencies up to 3,800 Hz, and recordings of 6,000 .*recipe: quick"):
        encoder(rate=6_000)


def test_versions_begin_with_the_recording_and_depend_on_the_seed_alone() -> None:
    made, given = encoder(), samples()
    torch.manual_seed(1)
    first = versions(made, given, RATE, transfer())
    torch.manual_seed(2)
    again = versions(made, given, RATE, transfer())
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first[:, 0], embedded(made, given), atol=1e-6)
    assert np.abs(first[:, 1] - first[:, 2]).max() > 0.01
    assert np.abs(first[:, 1] - versions(made, given, RATE, transfer(seed=1))[:, 1]).max() > 0.01


@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
def test_the_graph_answers_as_torch_does_and_as_it_was_learned(pretrained: PreparedData[Input], tmp_path: Path) -> None:
    config = transfer(batch_size=8)
    torch.manual_seed(0)
    module = learner.module(pretrained, config, FIVE)
    torch.nn.init.normal_(module.network.head.weight)
    training, validation = learner.loaders(pretrained, config, FIVE)
    inputs, _ = next(iter(validation))
    given = torch.from_numpy(np.array(pretrained.inputs("validation")[: len(inputs)]))
    torch.testing.assert_close(module.eval().raw(inputs), module.raw(given), atol=1e-5, rtol=0)
    module.train().loss(*next(iter(training))).backward()
    learned = {name for name, weights in module.named_parameters() if weights.grad is not None}
    assert learned == {"network.head.weight", "network.head.bias"}
    served = learner.serving(module)
    write_onnx(served, pretrained.inputs("test"), tmp_path / "model.onnx", ["probabilities", "embedding"])
    session = open_session(tmp_path / "model.onnx")
    some = np.array(pretrained.inputs("test")[:5])
    with torch.inference_mode():
        expected = [part.numpy() for part in served(torch.from_numpy(some))]
    for one, other in zip(session.run(None, {"inputs": some}), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_features_are_standardised_by_all_that_was_learned_from(size: int) -> None:
    random = np.random.default_rng(0)
    numbers = torch.from_numpy((random.normal(size=(50, 4)) * [1, 5, 0.1, 0] + [0, 3, -2, 7]).astype(np.float32))
    made = Standardised(4)
    learned = [made(part) for part in numbers.split(size)]
    expected = (numbers - numbers.mean(dim=0)) / (numbers.var(dim=0, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(made.eval()(numbers), expected, atol=1e-3, rtol=1e-3)
    assert all(torch.isfinite(part).all() for part in learned)
    torch.testing.assert_close(learned[-1], expected[-len(learned[-1]) :], atol=1e-3, rtol=1e-3)


def test_without_the_network_the_recipe_says_what_to_run(prepared: Prepared) -> None:
    with pytest.raises(DataError, match="dvc repro"):
        learner.module(prepared(), transfer(), FIVE)


def test_the_recipe_fills_in_what_it_says_and_keys_of_the_other_are_refused() -> None:
    filled = parse(Train, {"recipe": "transfer", "noise": 10.0}, "train.")
    assert (filled.pretrained(), filled.speed, filled.noise) == ("google-speech-embedding", 0.0, 10.0)
    assert filled.model_fields_set == {"recipe", "noise"}
    assert parse(Train, {"recipe": "transfer", "speed": 0.1}, "train.").speed == 0.1
    assert parse(Train, {}, "train.").pretrained() is None
    assert Train.model_validate(filled.model_dump()) == filled, "a rebuild reads what lineage says"
    for section, key in (
        ({"recipe": "transfer", "width": 32}, "width"),
        ({"recipe": "transfer", "mixup": 0.0}, "mixup"),
        ({"backbone": "google-speech-embedding"}, "backbone"),
        ({"versions": 5}, "versions"),
    ):
        with pytest.raises(ConfigError, match=f"{key}: means nothing to recipe: {section.get('recipe', 'quick')}"):
            parse(Train, section, "train.")
    with pytest.raises(ConfigError, match="google-speech-embedding"):
        parse(Train, {"recipe": "transfer", "backbone": "all-minilm-l6-v2"}, "train.")


def test_a_search_varies_what_means_something_to_it() -> None:
    assert set(space(transfer(), True)) == {"learning_rate", "weight_decay", "dropout"}
    for key in space(transfer(), True):
        transfer(**{key: 0.01})


def test_operations_are_about_those_of_the_network() -> None:
    from components.config.backbone import read_speech_encoder
    from components.data.tensors import known_names

    described = read_speech_encoder("google-speech-embedding")
    sizes = {"both": (3, 3), "bands": (1, 3), "frames": (3, 1)}
    before, drawn = 1, {}
    for name in next(known_names(described.network)):
        block, *_, sees, part = name.split(".") if name != "embedding.weight" else ("block5", "", "frames", "weight")
        wide = described.network.blocks[int(block[5:]) - 1].width
        drawn[name] = torch.zeros(wide) if part == "bias" else torch.zeros(wide, before, *sizes[sees])
        before = wide
    made = SpeechEncoder(described.model_dump(), drawn, RATE, RATE)
    with FlopCounterMode(display=False) as counter:
        made(torch.zeros(1, RATE, dtype=torch.int16))
    counted = counter.get_total_flops() / 2
    assert transfer().operations({"rate": RATE, "length": RATE}) == pytest.approx(counted, rel=0.15)
