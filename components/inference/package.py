"""Take a bundle into the Bento store and build the Bento that serves it; each arrives whole or not at all.

BentoML writes both straight into their final place, so that a kill leaves half a model which it then believes. Here
they are made in a store of their own beside it and moved by one rename.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from bentoml import Tag

from components.inference.bundle import About, bundle_hash, read_about
from components.inference.code import BENTOFILE, code_hash
from components.internals.bentoml import bento_home, build_bento, create_model
from components.system.files import scratch_directory, whole_file, write_content


def package(bundle: Path, name: str, version: str, beside: Mapping[str, Any] | None = None) -> str:
    """Return the tag of the Bento that serves `bundle`, version `version` of the registered model `name`.

    The tag is a pure function of the bundle and of the code that serves it, so nothing is built twice. `latest` of
    both stores points to it afterwards.

    Args:
        bundle: the bundle's directory.
        name: the registered model.
        version: its version.
        beside: what goes with it, for people, by file name: a text as it is, else JSON; no part of bundle or tag.
    """
    model = _model(bundle, name, version)
    bento = Tag(name, f"{model.version}-{code_hash()[:8]}")
    home = bento_home()
    _take_in(bundle, model, version, beside or {}, home)
    _build(bento, model, home, read_about(bundle))
    return str(bento)


def packaged_bundle(bundle: Path, name: str, version: str) -> Path:
    """Return where `package` has put the bundle, with what goes with it beside it."""
    return _path(bento_home() / "models", _model(bundle, name, version))


def _model(bundle: Path, name: str, version: str) -> Tag:
    return Tag(name, f"v{version}-{bundle_hash(bundle)[:8]}")


def _take_in(bundle: Path, tag: Tag, version: str, beside: Mapping[str, Any], home: Path) -> None:
    if not _path(home / "models", tag).exists():
        with scratch_directory(home / "taking-in") as scratch:
            with create_model(tag, {"version": version}, scratch) as model:
                shutil.copytree(bundle, model.path, dirs_exist_ok=True)
                for file, content in beside.items():
                    write_content(Path(model.path) / file, content)
            _arrive(scratch, home / "models", tag)
    _make_latest(home / "models", tag)


def _build(tag: Tag, model: Tag, home: Path, about: About) -> None:
    if not _path(home / "bentos", tag).exists():
        with scratch_directory(home / "building") as scratch:
            arguments = {"workload": model.name, "version": model.version, "pinned": False}
            build_bento(_bentofile(about, scratch), Path.cwd(), tag, arguments, scratch)
            _arrive(scratch, home / "bentos", tag)
    _make_latest(home / "bentos", tag)


def _bentofile(about: About, scratch: Path) -> Path:
    """Return the description of the Bento, with the packages of its kind and task, and for a GPU if it needs one."""
    on_gpu = about.serve.get("device") == "gpu"
    if not (about.requires or on_gpu):
        return BENTOFILE
    said = yaml.safe_load(BENTOFILE.read_text())
    packages = [*said["python"]["packages"], *about.requires]
    said["python"]["packages"] = [_for_gpu(package) if on_gpu else package for package in packages]
    path = scratch / BENTOFILE.name
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    return path


def _for_gpu(package: str) -> str:
    """Return the package for a GPU that takes the place of `package`, at the same version, or `package`."""
    name, _, version = package.partition("==")
    return f"onnxruntime-gpu[cuda,cudnn]=={version}" if name == "onnxruntime" else package


def _arrive(scratch: Path, store: Path, tag: Tag) -> None:
    path = _path(store, tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    _path(scratch, tag).rename(path)


def _make_latest(store: Path, tag: Tag) -> None:
    with whole_file(store / tag.name / "latest") as draft:
        draft.write_text(str(tag.version))


def _path(store: Path, tag: Tag) -> Path:
    return store / str(tag.name) / str(tag.version)
