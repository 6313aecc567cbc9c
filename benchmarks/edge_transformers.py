"""The same model as transformers.js runs it in a browser, beside the page of `benchmarks/edge.py`.

Its packages come by `npm pack`; the model is its `AutoModel` on one thread of WebAssembly; pictures are read by its
`RawImage`, which is the browser's decoder and a canvas.
"""

import base64
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.edge_server import ready, served
from components.inference.bundle import MODEL, read_about
from components.inference.edge import compressed

TRANSFORMERS = "@huggingface/transformers@4.3.2"
PAGE = """<!doctype html><script type="module">
import { AutoModel, RawImage, Tensor, env } from "./transformers.min.js";
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "./models/";
env.backends.onnx.wasm.wasmPaths = new URL("./", location).href;
env.backends.onnx.wasm.numThreads = 1;
const model = await AutoModel.from_pretrained("it", { dtype: "fp32", device: "wasm" });
window.ask = async (bytes, height, width, channels) => {
  let image = await RawImage.fromBlob(new Blob([bytes]));
  image = channels === 1 ? image.grayscale() : image.rgb();
  if (image.width !== width || image.height !== height) image = await image.resize(width, height);
  const inputs = new Tensor("uint8", Uint8Array.from(image.data), [1, height, width, channels]);
  const found = Object.values(await model({ inputs }))[0].data;
  return found.indexOf(Math.max(...found));
};
document.documentElement.dataset.ready = "";
</script>"""
ASK = """
async ([files, size]) => {
  const times = [], answers = [];
  for (const text of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const began = performance.now();
    answers.push(await window.ask(bytes, ...size));
    times.push(performance.now() - began);
  }
  return [times.sort((a, b) => a - b)[files.length >> 1], answers];
}
"""


def in_transformers(
    browser: Browser, bundle: Path, files: list[bytes], labels: list[int], scratch: Path
) -> dict[str, float]:
    """Return what the page takes in a fresh context, and how many labels differ from those of Python; none: no npm."""
    folder = scratch / "transformers"
    if not written(bundle, folder, scratch):
        print("transformers.js is left out: npm pack does not bring it\n")
        return {}
    context = browser.new_context()
    page, about = context.new_page(), read_about(bundle)
    size = [about.input[side] for side in ("height", "width", "channels")]
    with served(folder) as url:
        opened = ready(page, lambda: page.goto(url))
        again = ready(page, page.reload)
        picture, answers = page.evaluate(ASK, [[base64.b64encode(file).decode() for file in files], size])
    context.close()
    return {
        "compressed, MB": compressed(folder) / 1e6,
        "of it the runtime": (compressed(folder) - compressed(folder / "models")) / 1e6,
        "opened, ms": opened,
        "again, ms": again,
        "a picture, ms": picture,
        "other labels": sum(one != other for one, other in zip(answers, labels, strict=True)),
    }


def written(bundle: Path, folder: Path, scratch: Path) -> bool:
    """Write its page for the bundle's model; False: npm does not bring its packages."""
    package = packed(TRANSFORMERS, scratch / "npm")
    if package is None:
        return False
    runtime = json.loads((package / "package.json").read_text())["dependencies"]["onnxruntime-web"]
    if (onnx := packed(f"onnxruntime-web@{runtime}", scratch / "npm-runtime")) is None:
        return False
    (folder / "models/it/onnx").mkdir(parents=True)
    shutil.copy(package / "dist/transformers.min.js", folder)
    for file in (onnx / "dist").glob("ort-wasm-simd-threaded.asyncify.*"):
        shutil.copy(file, folder)
    shutil.copy(bundle / MODEL, folder / "models/it/onnx/model.onnx")
    (folder / "models/it/config.json").write_text('{"model_type": "custom"}')
    (folder / "index.html").write_text(PAGE)
    return True


def packed(name: str, folder: Path) -> Path | None:
    """Return the folder of npm's package."""
    folder.mkdir()
    done: Any = shutil.which("npm") and subprocess.run(["npm", "pack", name], cwd=folder, capture_output=True)
    if not done or done.returncode:
        return None
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "package"
