from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from components.config.errors import DataError
from components.kinds.audio import learner
from components.kinds.audio.codec import sound
from components.kinds.audio.evaluation.spectrum import log_mel
from components.kinds.audio.learner import augment
from components.kinds.audio.learner.log_mel import LogMel
from components.kinds.audio.params import Train
from components.tasks.anomaly.objective import Anomaly
from components.tasks.classification.objective import Classification
from components.training.export import write_onnx
from components.training.quantize import answers, quantize
from tests.unit.kinds.audio.conftest import Prepared
from tests.voices import VOICES, file, said

THREE = Classification(3, "accuracy")


def samples(count: int = 6, rate: int = 8_000, length: int = 2_400) -> np.ndarray:
    voices = list(VOICES)
    files = [file(said("aiu"[i % 3], voices[i % 6], i, rate), rate) for i in range(count)]
    return np.stack([sound.decode(one, {"rate": rate, "length": length}) for one in files])


@pytest.mark.parametrize(("rate", "mels"), [(8_000, 40), (16_000, 64), (22_050, 40)])
def test_the_graphs_spectrum_is_that_of_a_fourier_transform(rate: int, mels: int) -> None:
    given = samples(rate=rate, length=rate // 2)
    made = LogMel(rate, mels)(torch.from_numpy(given)).numpy()
    reference = log_mel(given, rate, mels)
    assert made.shape == reference.shape
    assert np.abs(made - reference).max() < 1e-3
    assert np.ptp(reference) > 5


def test_a_tone_is_in_the_band_that_has_it() -> None:
    tone = (16_000 * np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 8_000)).astype(np.int16)
    energy = LogMel(8_000, 40)(torch.from_numpy(tone[None]))[0, :, 20:80].mean(dim=1)
    mel = 2595 * np.log10(1 + np.array([50, 1_000, 4_000]) / 700)
    assert abs(int(energy.argmax()) - ((mel[1] - mel[0]) / (mel[2] - mel[0]) * 41 - 1)) < 1


def test_autocast_leaves_the_spectrum_as_it_is() -> None:
    given, spectrum = torch.from_numpy(samples()), LogMel(8_000, 40)
    with torch.autocast("cpu", torch.bfloat16):
        inside = spectrum(given)
    assert torch.equal(inside, spectrum(given))


def test_what_is_heard_in_a_step_is_drawn_by_its_generator_alone() -> None:
    given, config = torch.from_numpy(samples()).float() / 32_768, Train()

    def heard(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return augment.seen(LogMel(8_000, 40)(augment.heard(given, 8_000, config)), config)

    assert torch.equal(heard(1), heard(1))
    assert not torch.equal(heard(1), heard(2))
    assert torch.isfinite(heard(3)).all()


def test_what_is_not_asked_for_does_not_happen() -> None:
    given = torch.from_numpy(samples()).float() / 32_768
    still = Train(speed=0.0, shift=0.0, stretch=0.0, noise=100.0, coloration=0.0, mask=0)
    heard = augment.heard(given, 8_000, still)
    gain = (heard / given)[given.abs() > 0.01]
    assert all(((heard[row] / given[row])[given[row].abs() > 0.05].std() < 1e-4) for row in range(len(given)))
    assert 10 ** (-12 / 20) <= gain.min() <= gain.max() <= 10 ** (6 / 20)
    spectrum = LogMel(8_000, 40)(given)
    assert torch.equal(augment.seen(spectrum, still), spectrum)


def test_speed_moves_the_pitch() -> None:
    tone = 0.5 * torch.sin(2 * torch.pi * 1_000 * torch.arange(8_000) / 8_000)[None].expand(40, -1)
    torch.manual_seed(0)
    heard = augment.heard(tone, 8_000, Train(speed=0.25, shift=0.0, noise=100.0, coloration=0.0))
    peaks = torch.fft.rfft(heard).abs().argmax(dim=1)
    assert 790 < peaks.min() < 900
    assert 1_100 < peaks.max() < 1_260


def test_filters_change_the_bands_and_not_the_time() -> None:
    torch.manual_seed(0)
    click = torch.zeros(400, 8_000)
    click[:, 4_000] = 1.0
    config = Train(speed=0.0, shift=0.0, noise=100.0, coloration=6.0)
    heard = augment.heard(click, 8_000, config)
    levels = 20 * torch.fft.rfft(heard).abs().log10()
    lower = levels[:, 0] - levels[:, -1]  # the gain is in both
    assert 7.5 < lower.std() < 10.5
    assert 3.5 < lower.mean() < 6.7  # the highest frequency loses 5.1 in the mean
    assert (heard.abs().argmax(dim=1) - 4_000).abs().max() <= 1


def test_half_of_the_recordings_have_noise_that_ends_with_them() -> None:
    torch.manual_seed(0)
    word = torch.zeros(200, 8_000)
    word[:, 3_000:5_000] = 0.1 * torch.randn(200, 2_000)
    heard = augment.heard(word, 8_000, Train(speed=0.0, shift=0.0, coloration=0.0, noise=5.0))
    silent = (heard[:, :3_000] == 0).all(dim=1) & (heard[:, 5_000:] == 0).all(dim=1)
    assert 0.35 < silent.float().mean() < 0.65
    assert (heard[:, 3_000:5_000] != 0).any(dim=1).all()


def test_two_recordings_are_heard_at_once_by_their_energy() -> None:
    spectrum = torch.randn(6, 40, 20)
    parts = []
    for seed in range(200):
        torch.manual_seed(seed)
        mixed, order, part = augment.mixed(spectrum, Train(mixup=1.0))
        assert torch.allclose(mixed.exp(), part * spectrum.exp() + (1 - part) * spectrum[order].exp(), atol=1e-4)
        parts.append(part.item())
    alone = [part for part in parts if part == 1.0]
    assert 70 <= len(alone) <= 130
    assert 0.5 <= min(parts) < 0.6


def test_the_loss_of_a_mixture_is_that_of_both_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    config = Train(width=8, dropout=0.0)
    network = learner.Network(8_000, config, THREE).eval()
    torch.nn.init.normal_(network.head.weight)
    module = learner.SoundModule(network, 8_000, config, THREE)
    given, labels, order = torch.from_numpy(samples(3)), torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0])
    monkeypatch.setattr(augment, "seen", lambda spectrum, config: network.spectrum(given))
    raw = network.scored(given)[0]
    expected = 0.7 * THREE.loss(raw, labels, 0.1) + 0.3 * THREE.loss(raw, labels[order], 0.1)
    monkeypatch.setattr(augment, "mixed", lambda spectrum, config: (spectrum, order, torch.tensor(0.7)))
    assert torch.allclose(module.loss(given, labels), expected)


def test_vowels_are_learned_whoever_says_them(prepared: Prepared) -> None:
    data = prepared(test_groups=["carl", "dora"], validation_by="file")
    config = Train(width=8, dropout=0.0, learning_rate=0.01, equalize=False)
    torch.manual_seed(0)
    module = learner.module(data, config, THREE)
    inputs, labels = torch.from_numpy(np.array(data.inputs("train"))), torch.from_numpy(np.array(data.labels("train")))
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = module.loss(inputs, labels)
        loss.backward()
        optimizer.step()
    outputs, embedding = learner.serving(module)(torch.from_numpy(np.array(data.inputs("test"))))
    right = outputs.argmax(dim=1).numpy() == data.labels("test")
    assert right.mean() >= 0.9
    assert embedding.shape == (24, 64)
    assert torch.allclose(outputs.sum(dim=1), torch.ones(24), atol=1e-5)


def test_without_labels_it_learns_nothing_and_says_so(prepared: Prepared) -> None:
    with pytest.raises(DataError, match="sounds are learned from labels: write task: classification"):
        learner.module(prepared(), Train(), Anomaly(0.01))


def test_what_a_microphone_does_to_a_band_means_nothing_where_that_is_asked_for() -> None:
    torch.manual_seed(0)
    spectrum = LogMel(8_000, 40)(torch.from_numpy(samples()))
    through = spectrum + torch.linspace(-1.0, 1.0, 40)[:, None]
    for equalize in (True, False):
        network = learner.Network(8_000, Train(width=8, equalize=equalize), THREE).eval()
        assert torch.allclose(network.of_spectrum(spectrum)[1], network.of_spectrum(through)[1], atol=1e-4) == equalize


def test_how_loud_a_recording_is_means_little() -> None:
    torch.manual_seed(0)
    network = learner.Network(8_000, Train(width=8), THREE).eval()
    given = torch.from_numpy(samples() // 2)
    features = [network.scored(one)[1] for one in (given, given // 2)]
    assert torch.corrcoef(torch.stack([one.flatten() for one in features]))[0, 1] > 0.999


def test_the_operations_of_an_answer_are_counted() -> None:
    config, given = Train(), torch.zeros(1, 8_000, dtype=torch.int16)
    network = learner.Network(8_000, config, THREE).eval()
    with FlopCounterMode(display=False) as counter:
        network.scored(given)
    counted = counter.get_total_flops() / 2
    assert config.operations({"rate": 8_000, "length": 8_000}) == pytest.approx(counted, rel=0.15)


@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
def test_in_int8_convolutions_are_rounded_and_the_fourier_transform_is_not(prepared: Prepared, tmp_path: Path) -> None:
    data = prepared(rate=8_000, seconds=1.0)
    torch.manual_seed(0)
    module = learner.module(data, Train(), THREE)
    torch.nn.init.normal_(module.network.head.weight)
    given = np.concatenate([data.inputs("train"), data.inputs("test")])
    write_onnx(learner.serving(module), given, tmp_path / "model.onnx", ["probabilities", "embedding"])
    count = quantize(tmp_path / "model.onnx", given, tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    made = {name: node.op_type for node in graph.node for name in node.output}
    rounded = [made.get(node.input[1]) == "DequantizeLinear" for node in graph.node if node.op_type == "Conv"]
    assert count >= 4
    assert rounded.count(True) == count
    (transform,) = [node for node in graph.node if node.op_type == "Conv" and "spectrum" in node.name]
    assert made.get(transform.input[1]) != "DequantizeLinear"
    exact, rounded_answers = (answers(tmp_path / f"{name}.onnx", given) for name in ("model", "int8"))
    assert np.abs(exact - rounded_answers).max() < 0.1
