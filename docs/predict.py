"""Answer on a device, by numpy and onnxruntime alone, if its answers to the bundle's golden rows are right.

python predict.py BUNDLE FILE, where FILE is a .npy file of examples, or a binary PGM (grey) or PPM (colour) picture.
FRAMES | python predict.py BUNDLE --camera, where FRAMES writes such pictures one after the other without end, as ffmpeg
does of any camera (`-f image2pipe -c:v ppm -`): a line for each, with the frames a second.
"""

import base64
import hashlib
import json
import sys
import time
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
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


def answers(examples: np.ndarray) -> Iterator[list[Any]]:
    """Yield what is to be printed of each example: the label, its probability, and `unfamiliar` where it is that."""
    threshold, unfamiliar = about["decision"].get("threshold"), about["decision"].get("unfamiliar")
    rows, *others = session.run(None, {"inputs": examples})
    for index, row in enumerate(rows):
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
session, golden, asked = onnxruntime.InferenceSession(model), bundle / "serving" / "golden.json", about["input"]
if hash := about.get("files", {}).get(golden.name):
    if hashlib.sha256(golden.read_bytes()).hexdigest() != hash:
        sys.exit(f"{golden}: not the one that bundle.json was written for")
    check_golden(golden.read_bytes())
else:
    print(f"{bundle}: made before golden rows were: nothing checks its answers here", file=sys.stderr)
if file.suffix != ".npy" and "height" not in asked:
    sys.exit(f"{bundle}: takes no pictures: give it a .npy file of examples")
if sys.argv[2] == "--camera":
    watch(sys.stdin.buffer)
elif file.suffix == ".npy":
    print(*(" ".join(map(str, said)) for said in answers(np.load(file))), sep="\n")
else:
    with file.open("rb") as opened:
        print(*next(answers(fitted(next(frames(opened))))))
