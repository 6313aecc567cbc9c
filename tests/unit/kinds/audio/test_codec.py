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
