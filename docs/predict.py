"""Answer on a device, by numpy and onnxruntime alone.

python predict.py BUNDLE FILE, where FILE is a .npy file of examples, or a binary PGM (grey) or PPM (colour) picture of
the size that the model takes.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def pixels(data: bytes) -> np.ndarray:
    """Return a PGM or PPM file as `[1, height, width, channels]`."""
    kind, width, height = re.sub(rb"#[^\n]*", b"", data[:1000]).split()[:3]
    shape = (1, int(height), int(width), {b"P5": 1, b"P6": 3}[kind])
    return np.frombuffer(data[-int(np.prod(shape)) :], np.uint8).reshape(shape)


bundle, file = Path(sys.argv[1]), Path(sys.argv[2])
about, model = json.loads((bundle / "bundle.json").read_text()), (bundle / "model.onnx").read_bytes()
if hashlib.sha256(model).hexdigest() != about["model_sha256"]:
    sys.exit(f"{bundle}: model.onnx is not the one that bundle.json was written for")
examples = np.load(file) if file.suffix == ".npy" else pixels(file.read_bytes())
threshold, unfamiliar = about["decision"].get("threshold"), about["decision"].get("unfamiliar")
rows, *others = onnxruntime.InferenceSession(model).run(None, {"inputs": examples})
for index, row in enumerate(rows):
    answer = int(row.argmax()) if threshold is None else int(row[1] >= np.float32(threshold))
    strange = unfamiliar and others[-1][index] > np.float32(unfamiliar["threshold"])
    print(about["classes"][answer], row[answer], *(["unfamiliar"] if strange else []))
