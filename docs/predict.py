"""Answer on a device, by numpy and onnxruntime alone, if its answers to the bundle's golden rows are right.

python predict.py BUNDLE FILE, where FILE is a .npy file of examples, or a binary PGM (grey) or PPM (colour) picture of
the size that the model takes.
"""

import base64
import hashlib
import json
import re
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def pixels(data: bytes) -> np.ndarray:
    """Return a PGM or PPM file as `[1, height, width, channels]`."""
    kind, width, height = re.sub(rb"#[^\n]*", b"", data[:1000]).split()[:3]
    shape = (1, int(height), int(width), {b"P5": 1, b"P6": 3}[kind])
    return np.frombuffer(data[-int(np.prod(shape)) :], np.uint8).reshape(shape)


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
examples = np.load(file) if file.suffix == ".npy" else pixels(file.read_bytes())
threshold, unfamiliar = about["decision"].get("threshold"), about["decision"].get("unfamiliar")
session, golden = onnxruntime.InferenceSession(model), bundle / "serving" / "golden.json"
if hash := about.get("files", {}).get(golden.name):
    if hashlib.sha256(golden.read_bytes()).hexdigest() != hash:
        sys.exit(f"{golden}: not the one that bundle.json was written for")
    check_golden(golden.read_bytes())
else:
    print(f"{bundle}: made before golden rows were: nothing checks its answers here", file=sys.stderr)
rows, *others = session.run(None, {"inputs": examples})
for index, row in enumerate(rows):
    answer = int(row.argmax()) if threshold is None else int(row[1] >= np.float32(threshold))
    strange = unfamiliar and others[-1][index] > np.float32(unfamiliar["threshold"])
    print(about["classes"][answer], row[answer], *(["unfamiliar"] if strange else []))
