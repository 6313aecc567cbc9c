"""Answer on a device, by numpy and onnxruntime alone, if its answers to the bundle's golden rows are right.

python predict.py BUNDLE FILE, where FILE is a .npy file of examples, a binary PGM (grey) or PPM (colour) picture, a
.wav recording, or a .json list of items: {"recent": [...], "exclude": [...]}, the latest last, or several.
FRAMES | python predict.py BUNDLE --camera, where FRAMES writes such pictures one after the other without end, as ffmpeg
does of any camera (`-f image2pipe -c:v ppm -`): a line for each, with the frames a second.
SAMPLES | python predict.py BUNDLE --microphone, where SAMPLES writes 16-bit samples of one channel at the model's rate,
as `arecord -t raw -f S16_LE -r 8000` does: a line for each half of what the model hears.
"""

import base64
import hashlib
import json
import sys
import time
import wave
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from math import ceil, gcd
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnxruntime

LUMA = (19595, 38470, 7471)  # of 65536: ITU-R 601


def number(stream: BinaryIO) -> int:
    """Return the next number of a picture's head; the white space behind it is read as well."""
    digits = b""
    while byte := stream.read(1):
        if byte == b"#":
            stream.readline()
        elif byte.isdigit():
            digits += byte
        elif digits or not byte.isspace():
            break
    return int(digits or b"0")


def frames(stream: BinaryIO) -> Iterator[np.ndarray]:
    """Yield the PGM or PPM pictures of a stream, `[height, width, channels]` each."""
    while kind := stream.read(2):
        width, height, largest = number(stream), number(stream), number(stream)
        if kind not in (b"P5", b"P6") or not 0 < largest < 256:
            sys.exit("not a binary PGM or PPM picture of 8 bits")
        shape = (height, width, 1 if kind == b"P5" else 3)
        if len(content := stream.read(int(np.prod(shape)))) == np.prod(shape):
            yield np.frombuffer(content, np.uint8).reshape(shape)


def weights(size: int, inside: float, whole: int) -> np.ndarray:
    """Return how much of each of `whole` pixels is in each of `size`, which show the middle, `inside` pixels."""
    scale = inside / size
    centres = (whole - inside) / 2 + (np.arange(size)[:, None] + 0.5) * scale
    near = np.maximum(0.0, 1.0 - np.abs(np.arange(whole) + 0.5 - centres) / max(scale, 1.0))
    parts: np.ndarray = near / near.sum(axis=1, keepdims=True)
    return parts.astype(np.float32)


def fitted(picture: np.ndarray) -> np.ndarray:
    """Return the middle of a picture, resampled as in training, `[1, height, width, channels]` of the model."""
    height, width, channels = (asked[name] for name in ("height", "width", "channels"))
    rows, columns, colours = picture.shape
    across = weights(width, min(columns, rows * width / height), columns)
    down = weights(height, min(rows, columns * height / width), rows)
    narrow = np.floor(np.matmul(across, picture.astype(np.float32)) + 0.5)
    small = np.floor(np.tensordot(down, narrow, 1) + 0.5).astype(np.int32)
    if channels < colours:
        small = ((small * LUMA).sum(axis=2, keepdims=True) + 32768) >> 16
    return np.broadcast_to(small, (height, width, channels)).astype(np.uint8)[None]


def recording(file: Path) -> np.ndarray:
    """Return a WAV file as the model takes it, `[1, length]`: the mean of its channels, its loudest part."""
    try:
        with wave.open(str(file)) as opened:
            rate, channels, width = opened.getframerate(), opened.getnchannels(), opened.getsampwidth()
            content = np.frombuffer(opened.readframes(opened.getnframes()), np.uint8)
    except (wave.Error, EOFError) as error:
        sys.exit(f"{file}: no WAV file of whole numbers ({error})")
    wide = np.zeros((len(content) // width, 4), np.uint8)
    wide[:, 4 - width :] = content.reshape(-1, width) ^ (0x80 if width == 1 else 0)  # bytes have no sign in it
    sound = resampled(wide.view("<i4").reshape(-1, channels).mean(axis=1) / 2**31, rate, asked["rate"])
    if (longer := len(sound) - asked["length"]) > 0:
        energy = np.concatenate([[0.0], np.cumsum(sound**2)])
        start = int(np.argmax(energy[asked["length"] :] - energy[: longer + 1]))
        sound = sound[start : start + asked["length"]]
    before = (asked["length"] - len(sound)) // 2
    silent = np.pad(sound, (before, asked["length"] - len(sound) - before))
    heard: np.ndarray = np.clip(np.rint(silent * 32768), -32768, 32767).astype(np.int16)[None]
    return heard


def resampled(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return a sound at another rate, by its Fourier transform, as in training."""
    if rate == wanted:
        return sound
    block, made = rate // gcd(rate, wanted), wanted // gcd(rate, wanted)
    edge = ceil(0.02 * rate / block)
    blocks = ceil(len(sound) / block) + 2 * edge
    padded = np.pad(sound, (edge * block, (blocks - edge) * block - len(sound)))
    spectrum = np.fft.rfft(padded)[: min(blocks * block, blocks * made) // 2 + 1]
    whole: np.ndarray = np.fft.irfft(spectrum, blocks * made) * (made / block)
    return whole[edge * made :][: max(1, round(len(sound) * wanted / rate))]


def lists(file: Path) -> np.ndarray:
    """Return lists of items by their numbers, `[N, length + exclude]`, the latest first."""
    said = json.loads(file.read_text())
    numbers = {name: number for number, name in enumerate(json.loads(serving("items.json")), 1)}
    length, room = asked["length"], asked["exclude"]
    rows = [said] if isinstance(said, dict) else said
    examples = np.zeros((len(rows), length + room), np.int32)
    for example, row in zip(examples, rows, strict=True):
        recent, out = ([numbers.get(str(name), 0) for name in row.get(key, [])] for key in ("recent", "exclude"))
        latest, older = recent[::-1][:length], [] if asked["repeats"] else recent[::-1][length:]
        example[: len(latest)] = latest
        example[length : length + len(out + older)] = (out + older)[:room]
    return examples


def answers(examples: np.ndarray) -> Iterator[list[Any]]:
    """Yield what is to be printed of each example: the label, its probability, and `unfamiliar` where it is that."""
    threshold, unfamiliar = about["decision"].get("threshold"), about["decision"].get("unfamiliar")
    rows, *others = session.run(None, {"inputs": examples})
    for index, row in enumerate(rows):
        if about.get("task") == "ranking":  # items, then what is said of each
            yield [json.dumps([about["classes"][int(item)] for item in row[: len(row) // 4] if item >= 0])]
            continue
        answer = int(row.argmax()) if threshold is None else int(row[1] >= np.float32(threshold))
        strange = unfamiliar and others[-1][index] > np.float32(unfamiliar["threshold"])
        yield [about["classes"][answer], row[answer], *(["unfamiliar"] if strange else [])]


def watch(stream: BinaryIO) -> None:
    """Answer to every frame of a stream until it ends."""
    times = deque[float](maxlen=30)
    with suppress(KeyboardInterrupt):
        for picture in frames(stream):
            (said,) = answers(fitted(picture))
            times.append(time.monotonic())
            rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
            print(*said, f"{rate:.1f} frames/s", flush=True)
    if not times:
        sys.exit(
            "no frame came: pipe pictures into it, `... -f image2pipe -c:v ppm - | python predict.py BUNDLE --camera`"
        )


def listen(stream: BinaryIO) -> None:
    """Answer to what is heard each half of what the model hears, until the samples end."""
    half, heard = asked["length"] // 2, np.zeros(asked["length"], np.int16)
    with suppress(KeyboardInterrupt):
        while len(content := stream.read(2 * half)) == 2 * half:
            heard = np.concatenate([heard[half:], np.frombuffer(content, "<i2")])
            print(*next(answers(heard[None])), flush=True)


def serving(name: str) -> bytes:
    """Return a file of the bundle, if it is the one that `bundle.json` was written for."""
    content = (bundle / "serving" / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != about["files"][name]:
        sys.exit(f"{bundle / 'serving' / name}: not the one that bundle.json was written for")
    return content


def array(kept: dict[str, Any]) -> np.ndarray:
    """Return an array of golden.json."""
    content = zlib.decompress(base64.b64decode(kept["zlib"]))
    return np.frombuffer(content, np.dtype(kept["type"]).newbyteorder("<")).reshape(kept["shape"])


def check_golden(content: bytes) -> None:
    """End with one line where this machine does not answer the golden rows as the one that made them did."""
    kept = json.loads(content)
    found = session.run(list(kept["outputs"]), {"inputs": array(kept["inputs"])})
    for (name, expected), row in zip(kept["outputs"].items(), found, strict=True):
        right = array(expected)
        away = np.max(np.abs(row - right) / np.maximum(np.abs(right), 1.0))
        if not away <= kept["tolerance"]:
            sys.exit(f"{bundle}: golden rows are answered otherwise here: {name} differs by {away:.2g}")


bundle, file = Path(sys.argv[1]), Path(sys.argv[2])
about, model = json.loads((bundle / "bundle.json").read_text()), (bundle / "model.onnx").read_bytes()
if hashlib.sha256(model).hexdigest() != about["model_sha256"]:
    sys.exit(f"{bundle}: model.onnx is not the one that bundle.json was written for")
session, asked = onnxruntime.InferenceSession(model), about["input"]
if "golden.json" in about.get("files", {}):
    check_golden(serving("golden.json"))
else:
    print(f"{bundle}: made before golden rows were: nothing checks its answers here", file=sys.stderr)
kinds = {"height": "pictures", "rate": "sounds", "items": "lists"}
takes, way = next((kinds[key] for key in kinds if key in asked), "records"), file.suffix or str(file)
wants = {"--camera": "pictures", "--microphone": "sounds", ".wav": "sounds", ".json": "lists"}.get(way, "pictures")
if way != ".npy" and wants != takes:
    sys.exit(
        f"{bundle}: takes no {wants}: give it {'' if takes == 'records' else f'{takes}, or '}a .npy file of examples"
    )
if way == "--camera":
    watch(sys.stdin.buffer)
elif way == "--microphone":
    listen(sys.stdin.buffer)
elif way in (".npy", ".json"):
    examples = np.load(file) if way == ".npy" else lists(file)
    print(*(" ".join(map(str, said)) for said in answers(examples)), sep="\n")
elif way == ".wav":
    print(*next(answers(recording(file))))
else:
    with file.open("rb") as opened:
        print(*next(answers(fitted(next(frames(opened))))))
