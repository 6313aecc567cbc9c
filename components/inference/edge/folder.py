"""A bundle -> the static folder."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from components import catalogue
from components.config.errors import BundleError, ConfigError
from components.inference.bundle import ABOUT, MODEL, SERVING, About, bundle_hash, verified
from components.inference.edge.icons import SIZES, icon
from components.inference.edge.runtime import FILES as RUNTIME
from components.inference.gateway.page.about import schema_of_one, upload
from components.inference.golden import GOLDEN
from components.system.files import whole_directory

_OWN = Path(__file__).parent / "page"
_SHARED = Path(__file__).parents[1] / "gateway" / "page"
_TAKEN = ("page.css", "words.js", "answer.js", "card.js", "fields.js", "picture.js", "shelf.js", "sound.js")
_SERVICE_WORKER = "sw.js"
_PLACE = "const CONTENTS = {};"
_CARD = ("description", "trained", "metrics")
_DATA = ("title", "homepage", "licence", "examples")


@dataclass(frozen=True)
class EdgeFolder:
    """What was written."""

    path: Path
    version: str
    precision: str
    files: int
    bytes: int


def write_edge(bundle: Path, version: str, card: Mapping[str, Any], runtime: Path, to: Path) -> EdgeFolder:
    """Write the folder `to`, which is replaced as a whole.

    Args:
        bundle: the bundle's directory.
        version: what its answers call themselves.
        card: the version's model card; a short one is made of it.
        runtime: the folder of the runtime's files, see `runtime.fetch_runtime`.
        to: where to.

    Raises:
        BundleError: the bundle is not whole, or is from before golden rows were.
        ConfigError: its kind or its task has nothing for browsers, or its records need what an endpoint remembers.
    """
    about = verified(bundle)
    _check(about, bundle)
    files = _page(about) | _bundle(bundle) | {f"runtime/{name}": (runtime / name).read_bytes() for name in RUNTIME}
    files |= _described(about, bundle_hash(bundle), version, card)
    hashes = {path: hashlib.sha256(content).digest() for path, content in sorted(files.items())}
    files[_SERVICE_WORKER] = _service_worker(hashes)
    with whole_directory(to) as draft:
        for path, content in files.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(content)
    size = sum(map(len, files.values()))
    return EdgeFolder(to, version, str(about.serve.get("precision", "float32")), len(files), size)


def _check(about: About, bundle: Path) -> None:
    if GOLDEN not in about.files:
        raise BundleError(f"{bundle}: made before golden rows were, by which a browser is checked; train it anew")
    if not catalogue.browser(about.kind) or not catalogue.browser_answers(about.kind, about.task):
        asked = catalogue.task(about.kind, about.task)
        raise ConfigError(f"kind {about.kind}, task {asked}: one of them has no JavaScript for browsers")
    if catalogue.codec(about.kind, about.task).remembers(about.input):
        raise ConfigError(
            f"{about.workload}: its records need what an endpoint remembers; write prepare: {{history: caller}}, "
            "or leave the entities out"
        )


def _page(about: About) -> dict[str, bytes]:
    codec, answers = catalogue.browser(about.kind), catalogue.browser_answers(about.kind, about.task)
    assert codec
    assert answers
    return {
        **{file.name: file.read_bytes() for file in sorted(_OWN.iterdir()) if file.is_file()},
        **{f"page/{name}": (_SHARED / name).read_bytes() for name in _TAKEN},
        **{f"codec/{file.name}": file.read_bytes() for file in sorted(codec.glob("*.js"))},
        "answers.js": answers.read_bytes(),
        "icon.svg": (_SHARED / "icon.svg").read_bytes(),
        **{f"icon-{size}.png": icon(size) for size in SIZES},
    }


def _bundle(bundle: Path) -> dict[str, bytes]:
    there = {ABOUT: bundle / ABOUT, MODEL: bundle / MODEL, GOLDEN: bundle / SERVING / GOLDEN}
    return {f"bundle/{name}": path.read_bytes() for name, path in there.items()}


def _described(about: About, hash: str, version: str, card: Mapping[str, Any]) -> dict[str, bytes]:
    codec = catalogue.codec(about.kind, about.task)
    schema = schema_of_one(TypeAdapter(codec.request(about.input)).json_schema())
    file = upload(schema)
    data = {key: value for key, value in card.get("data", {}).items() if key in _DATA}
    edge = {
        "workload": about.workload,
        "version": version,
        "bundle": hash,
        "precision": about.serve.get("precision", "float32"),
        "output": codec.OUTPUT,
        "form": {"upload": file} if file else {"fields": schema},
        "card": {**{key: card[key] for key in _CARD if key in card}, "data": data},
    }
    icons = [{"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in SIZES]
    manifest = {
        "name": f"{about.workload} · Journeyman",
        "short_name": about.workload,
        "start_url": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#2f6f62",
        "icons": [*icons, {"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    return {"edge.json": _json(edge), "manifest.webmanifest": _json(manifest)}


def _service_worker(hashes: Mapping[str, bytes]) -> bytes:
    hashes = {path: digest for path, digest in hashes.items() if path != _SERVICE_WORKER}
    files = {path: f"sha256-{base64.b64encode(digest).decode()}" for path, digest in hashes.items()}
    whole = hashlib.sha256(b"".join(path.encode() + digest for path, digest in hashes.items())).hexdigest()
    script = (_OWN / _SERVICE_WORKER).read_text()
    assert _PLACE in script
    return script.replace(_PLACE, f"const CONTENTS = {json.dumps({'hash': whole[:16], 'files': files})};").encode()


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
