"""From promotion to answer: an endpoint that follows at an object store."""

import os
import sys
import time
from pathlib import Path

import httpx

from benchmarks import stores
from benchmarks.arms import packaged, serve
from benchmarks.machine_parts.figures import Figures, spread
from benchmarks.server import free_port, served
from benchmarks.wire import post
from components import catalogue
from components.config.settings import artifacts
from components.inference.champion.position import Position
from components.inference.champion.published import publish
from components.kinds.prepared import open_prepared

_HISTORY = "0" * 32
_PATIENCE = 120.0  # seconds


def follow(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the seconds from publishing a champion to the first answer with it."""
    if not stores.has_object_store():
        return {"missing": stores.OBJECT_STORE}
    with stores.object_store() as variables:
        os.environ.update(variables)
        import fsspec

        fsspec.filesystem("s3").mkdir("champions")
        address, bundle = "s3://champions", artifacts(workload, "bundle")
        home = str(folder / "bentoml")
        tag, port, request = packaged(bundle, workload, home), free_port(), _request(workload)
        publish(bundle, workload, "1", address, Position(1, _HISTORY))
        settings = {**variables, "BENTOML_HOME": home, "JOURNEYMAN_CHAMPIONS": address}
        seconds = []
        with served(serve(tag, port), port, settings, post(request, "image/png")):
            for number in range(2, 4 if quick else 12):
                began = time.perf_counter()
                publish(bundle, workload, str(number), address, Position(number, _HISTORY))
                told = time.perf_counter()
                while _version(port, request) != str(number):
                    if time.perf_counter() - told > _PATIENCE:
                        sys.exit(f"version {number} did not answer within {_PATIENCE:g} s")
                seconds.append({"published": told - began, "answered": time.perf_counter() - began})
    return {name: spread([each[name] for each in seconds]) for name in ("published", "answered")}


def _request(workload: str) -> bytes:
    data = open_prepared(artifacts(workload, "prepared"))
    picture: bytes = catalogue.sample(data.kind).requests(data, range(1), False)[0]["picture"]
    return picture


def _version(port: int, picture: bytes) -> str:
    found = httpx.post(f"http://127.0.0.1:{port}/predict", content=picture, headers={"content-type": "image/png"})
    return str(found.json().get("model_version")) if found.is_success else ""
