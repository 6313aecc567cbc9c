import time

import numpy as np
import pytest

from components.config.errors import BadRequest
from components.kinds.audio import codec, golden
from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from tests.voices import RATE, file, said

INPUT: Input = {"rate": RATE, "length": 4_000}
TIMES = np.arange(RATE) / RATE
TONE = 0.5 * np.sin(2 * np.pi * 440 * TIMES)


def test_what_is_shown_decodes_to_the_same_samples() -> None:
    samples = np.random.default_rng(0).integers(-32_768, 32_768, 4_000).astype(np.int16)
    shown = codec.shown(samples, INPUT)
    assert shown.address.startswith("data:audio/wav;base64,UklGR")
    assert np.array_equal(sound.decode(shown.content, INPUT), samples)


@pytest.mark.parametrize(
    ("format", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("WAVEX", "PCM_16")],
)
def test_formats_without_loss_are_read_alike(format: str, subtype: str) -> None:
    samples = said("a", "anna", 0, seconds=0.5)
    read = sound.decode(file(samples, format=format, subtype=subtype), INPUT)
    assert np.abs(read - 32_768 * samples).max() <= 1.0


def test_vorbis_is_read_nearly_alike() -> None:
    samples = said("a", "bert", 0, seconds=0.5)
    read = sound.decode(file(samples, format="OGG", subtype="VORBIS"), INPUT)
    assert np.corrcoef(read, samples)[0, 1] > 0.98


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_is_the_same_at_every_rate(rate: int) -> None:
    times = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * times) * np.sin(np.pi * times)
    read = sound.decode(file(tone, rate, subtype="FLOAT"), {"rate": RATE, "length": RATE})
    wanted = 0.5 * np.sin(2 * np.pi * 440 * TIMES) * np.sin(np.pi * TIMES)
    assert np.abs(read / 32_768 - wanted).max() < 1e-3


def test_what_is_too_high_for_the_rate_is_cut_off_and_does_not_come_back_lower() -> None:
    times = np.arange(48_000) / 48_000
    read = sound.decode(file(0.5 * np.sin(2 * np.pi * 7_000 * times) * np.sin(np.pi * times), 48_000), INPUT)
    assert np.abs(read).max() < 32


def test_channels_are_averaged() -> None:
    stereo = np.stack([TONE, np.zeros_like(TONE)], axis=1)
    mono = sound.decode(file(TONE / 2, subtype="FLOAT"), INPUT)
    assert np.abs(sound.decode(file(stereo, subtype="FLOAT"), INPUT) - mono).max() <= 1


def test_of_a_long_recording_the_loudest_part_is_heard_and_a_short_one_stands_in_silence() -> None:
    long = np.concatenate([0.01 * TONE, TONE[:4_000], 0.01 * TONE])
    assert np.abs(sound.decode(file(long), INPUT) - sound.decode(file(TONE[:4_000]), INPUT)).max() <= 1
    short = sound.decode(file(TONE[:1_000]), INPUT)
    assert not short[:1_500].any()
    assert not short[2_500:].any()
    assert np.abs(short[1_500:2_500]).max() > 16_000


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no recording that can be read: send WAV, FLAC or OGG"),
        (b"no sound at all", "no recording"),
        (file(TONE)[:30], "no recording"),
        (file(TONE, format="MP3", subtype="MPEG_LAYER_III"), "the file is MP3: send WAV, FLAC or OGG"),
        (file(TONE[:0]), "has no samples"),
        (file(TONE, rate=500), "500 samples a second"),
        (file(np.full(100, np.nan), subtype="FLOAT"), "no numbers"),
        (file(np.zeros(3 * RATE)), "longer than 2 seconds"),
    ],
)
def test_what_cannot_be_answered_is_said(data: bytes, told: str) -> None:
    reader = codec.Reader("x", INPUT, {"max_seconds": 2.0}, None, None)  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match=told):
        reader.read([{"sound": data}])


def test_a_damaged_file_is_refused_or_read_and_never_worse() -> None:
    random = np.random.default_rng(1)
    for format, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")):
        whole = file(said("u", "carl", 1), format=format, subtype=subtype)
        for _ in range(40):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 8):
                damaged[place] = random.integers(256)
            try:
                read = sound.decode(bytes(damaged), INPUT)
            except BadRequest as error:
                assert "\n" not in str(error)
            else:
                assert read.shape == (4_000,)


def test_what_recordings_sound_like() -> None:
    loud, soft = sound.decode(file(TONE), INPUT), sound.decode(file(TONE / 10), INPUT)
    found = codec.described(np.stack([loud, soft]), INPUT)
    assert found["loudness"][0] - found["loudness"][1] == pytest.approx(20, abs=0.1)
    assert found["peak"].tolist() == pytest.approx([0.5, 0.05], abs=0.001)
    assert found["crossings"][0] == pytest.approx(880, abs=8)


def test_golden_requests_are_the_same_bytes_whenever_they_are_made() -> None:
    first = golden.requests(INPUT, {})
    time.sleep(1.1)  # WAV of floats says in seconds when its peak was found
    assert [one.row for one in golden.requests(INPUT, {})] == [one.row for one in first]


def test_golden_requests_try_every_format_and_are_read() -> None:
    requests = golden.requests(INPUT, {})
    read = [codec.Reader("x", INPUT, {}, None, None).read([one.row]) for one in requests]  # type: ignore[arg-type]
    assert {sound.head(one.row["sound"]).format for one in requests} == {"WAV", "FLAC", "OGG"}
    assert all(example.shape == (1, 4_000) and np.abs(example).max() > 1_000 for example in read)
    assert codec.upload(requests[0].row).format == "WAV"


def test_a_recording_that_is_cut_off_is_refused_and_one_without_a_length_read() -> None:
    whole = file(TONE)
    with pytest.raises(BadRequest, match=r"cut off: 8,022 of 16,000 bytes of samples are there"):
        sound.head(whole[: len(whole) // 2 + 44])
    streamed = whole[:40] + b"\xff\xff\xff\xff" + whole[44:]
    assert np.array_equal(sound.decode(streamed, INPUT), sound.decode(whole, INPUT))


def test_many_channels_are_read_in_parts_and_too_many_refused() -> None:
    many = np.repeat(TONE[:4_000, None], 64, axis=1)
    assert np.array_equal(sound.decode(file(many), INPUT), sound.decode(file(TONE[:4_000]), INPUT))
    with pytest.raises(BadRequest, match="has 65 channels: at most 64 are read"):
        sound.decode(file(np.repeat(TONE[:, None], 65, axis=1)), INPUT)


def test_an_explanation_says_which_stretch_and_which_band_an_answer_stands_on() -> None:
    times = np.arange(4_000) / RATE
    burst = np.where((times > 0.25) & (times < 0.31), np.sin(2 * np.pi * 1_000 * times), 0)
    others = 0.2 * np.sin(2 * np.pi * 2_600 * times) + np.random.default_rng(0).normal(0, 0.01, 4_000)
    examples = np.stack([sound.whole(0.5 * burst + 0.5 * others), sound.whole(0.5 * others)])
    wave = np.exp(-2j * np.pi * 1_000 * times)

    def number(variants: np.ndarray) -> np.ndarray:  # hears the burst, and is less sure the louder 2.6 kHz are
        heard = np.abs((variants / 32_768) @ wave) / 4_000
        against = np.abs((variants / 32_768) @ np.exp(-2j * np.pi * 2_600 * times)) / 4_000
        return (10 * heard - 0.5 * against).astype(np.float32)

    first, second = codec.explain(number, examples, INPUT)
    stretches = [one for one in first if one.start is not None]
    bands = [one for one in first if one.low is not None]
    assert (len(stretches), len(bands)) == (10, 8)
    assert (bands[0].low, bands[0].high) == (730, 1_114)
    assert {(one.start, one.end) for one in stretches[:2]} == {(0.25, 0.3), (0.3, 0.35)}
    assert stretches[0].effect > 0.05 > 5 * stretches[2].effect
    assert bands[0].effect > 0.2
    (lost,) = [one for one in bands if one.effect < -0.01]
    assert lost.low is not None
    assert lost.high is not None
    assert lost.low < 2_600 < lost.high
    assert [abs(one.effect) for one in first] == sorted((abs(one.effect) for one in first), reverse=True)
    assert max(one.effect for one in second) < 0.01


def test_without_a_part_a_recording_is_as_it_was_elsewhere() -> None:
    heard: list[np.ndarray] = []

    def number(variants: np.ndarray) -> np.ndarray:
        heard.append(variants)
        return np.zeros(len(variants), np.float32)

    example = sound.whole(said("a", "anna", 0, seconds=0.5))
    codec.explain(number, example[None], INPUT)
    changed = heard[0][3] != example
    assert heard[0].dtype == np.int16
    assert not heard[0][3][1_240:1_560].any()  # the fourth tenth
    assert changed[1_240:1_560].mean() > 0.9
    assert not changed[:1_180].any()
    assert not changed[1_620:].any()
    spectrum, before = (np.abs(np.fft.rfft(one)) for one in (heard[0][10 + 3], example))
    hertz = np.arange(2_001) * 2
    inside, outside = (hertz > 790) & (hertz < 1_040), (hertz < 680) | (hertz > 1_180)
    assert spectrum[inside].max() < 0.02 * before[inside].max()
    assert spectrum[outside] == pytest.approx(before[outside], abs=100)
