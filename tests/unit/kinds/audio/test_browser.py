"""The codec of browsers, by Node, whose engine is that of Chromium, held to that of Python."""

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.config.errors import BadRequest
from components.kinds.audio import golden
from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from tests.sounds import exact, refused, resampled
from tests.voices import RATE

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node on the PATH")

INPUT: Input = {"rate": RATE, "length": 4_000}
READ = """
import { readFileSync } from "node:fs";
import { read, takes } from "./codec.js";
const { files, input } = JSON.parse(readFileSync(0));
const found = {};
for (const [name, text] of Object.entries(files)) {
  const row = { sound: new Uint8Array(Buffer.from(text, "base64")) };
  try {
    found[name] = { samples: Array.from(await read(row, input, {})), takes: takes(row) };
  } catch (error) {
    found[name] = { error: error.message, takes: takes(row) };
  }
}
console.log(JSON.stringify(found));
"""


def test_what_is_read_is_the_same_to_the_bit_at_the_models_rate(tmp_path: Path) -> None:
    files = exact()
    found = read(tmp_path, files)
    for name, content in files.items():
        assert "error" not in found[name], (name, found[name])
        assert np.array_equal(found[name]["samples"], sound.decode(content, INPUT)), name


@pytest.mark.parametrize("rate", [8_000, 16_000, 11_025])
def test_at_another_rate_it_differs_by_one_level_at_most(rate: int, tmp_path: Path) -> None:
    files, input = resampled(), Input(rate=rate, length=rate // 2)
    found = read(tmp_path, files, input)
    for name, content in files.items():
        assert "error" not in found[name], (name, found[name])
        away = np.abs(np.array(found[name]["samples"], dtype=np.int64) - sound.decode(content, input))
        assert away.max() <= 1, name
        assert (away > 0).mean() < 0.001, name


def test_what_is_refused_here_is_refused_there_in_one_line(tmp_path: Path) -> None:
    files = refused()
    found = read(tmp_path, files)
    for name, content in files.items():
        with pytest.raises(BadRequest):
            sound.decode(content, INPUT)
        assert "\n" not in found[name]["error"], name
        assert found[name]["error"].startswith(("the ", "OGG")), (name, found[name]["error"])


def test_golden_requests_are_read_but_for_vorbis(tmp_path: Path) -> None:
    requests = golden.requests(INPUT, {})
    found = read(tmp_path, {one.name: one.row["sound"] for one in requests})
    for one in requests:
        told = found[one.name]
        if one.name == "lossy.ogg":
            assert told == {
                "error": "OGG is not read in a browser: send WAV or FLAC, or record it here",
                "takes": False,
            }
            continue
        away = np.abs(np.array(told["samples"]) - sound.decode(one.row["sound"], INPUT))
        assert (told["takes"], away.max() <= one.tolerance) == (True, True), one.name


def read(folder: Path, files: Mapping[str, bytes], input: Input = INPUT) -> dict[str, Any]:
    codec = catalogue.browser("audio")
    assert codec
    shutil.copytree(codec, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "read.js").write_text(READ)
    asked = {"input": input, "files": {name: base64.b64encode(content).decode() for name, content in files.items()}}
    command = ["node", str(folder / "read.js")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
