"""Where an endpoint has its model from: the published champion, a version asked for, or its own Bento."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from components import catalogue
from components.config.errors import BundleError, PublishedError
from components.inference.bundle import About, examples_of, read_about
from components.inference.champion.cache import Champions
from components.inference.champion.follow import Follower
from components.inference.champion.follow_tried import CANARY, SHADOW, TriedFollower
from components.inference.champion.measured import MeasuredWriter
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.options import Options, variable

logger = logging.getLogger(__name__)

_FOR_PEOPLE = ("description", "examples", "title")  # and what begins with `x-`


def opening(
    bundle: Path, version: str, memory: str | None, cache: Path, options: Options
) -> tuple[Model, Follower | None]:
    """Return the model to start with, and who is to keep it the champion, if anybody.

    Args:
        bundle: what the Bento holds; it decides which requests the endpoint takes.
        version: its version.
        memory: where readers remember; see `Model.open`.
        cache: where published bundles are kept.
        options: of them `champions`, `version`, `follow_every` and `device`.

    Raises:
        BundleError: the bundle is not whole.
        PublishedError: the version that is asked for is neither in the Bento nor published.
        EndpointError: a GPU is asked for, and there is none.
    """
    own = read_about(bundle)
    opened = partial(_opened, own, memory, options)
    if options.version == version or not (options.version or options.champions):
        return opened(bundle, version), None
    champions = Champions(options.champions, own.workload, cache) if options.champions else None
    if options.version:
        return _published(champions, options.version, opened), None
    assert champions
    follower = Follower(champions, opened, options.follow_every)
    if model := follower.first():
        return model, follower
    logger.info("%s: starts with version %s, which its Bento holds", own.workload, version)
    return opened(bundle, version), follower


def _published(champions: Champions | None, version: str, opened: Callable[[Path, str], Model]) -> Model:
    if champions and (pointer := champions.pointer(version)):
        return opened(champions.bundle(pointer), version)
    where = f"nor at {champions.address}" if champions else f"and {variable('champions')} does not say where to look"
    raise PublishedError(f"{variable('version')}: version {version} is not in the Bento, {where}")


class Beside(NamedTuple):
    """Who follows what is tried beside the champion."""

    canary: TriedFollower
    shadow: TriedFollower
    measured: MeasuredWriter

    def look(self) -> None:
        """Look at all of it, in the follower's thread; the canary first, which takes a shadow's model over."""
        self.canary.look()
        self.shadow.look()
        self.measured.look()


def beside(bundle: Path, engine: Engine, cache: Path, options: Options) -> Beside | None:
    """Return who is to follow what is tried, if anybody follows the champion; see `opening`."""
    if options.version or not options.champions:
        return None
    own = read_about(bundle)
    champions = Champions(options.champions, own.workload, cache)
    opened = partial(_opened_beside, own, options, engine, WeakValueDictionary())
    return Beside(
        TriedFollower(champions, opened, engine, CANARY),
        TriedFollower(champions, partial(_measurable, engine, opened), engine, SHADOW),
        MeasuredWriter(champions.address, own.workload, lambda: engine.shadow),
    )


def _opened_beside(
    own: About, options: Options, engine: Engine, known: "WeakValueDictionary[Path, Model]", path: Path, version: str
) -> Model:
    """Open the bundle at `path`, which has to take the very examples that the champion does; it remembers nothing.

    One that is `known`, since it is tried in another manner, is not opened again.

    Raises:
        BundleError: it does not, or is not whole.
    """
    champion = engine.model
    if examples_of(read_about(path)) != examples_of(champion.about):
        raise BundleError(f"version {version} takes other examples than version {champion.version}, the champion")
    model = known.get(path)
    if model is None:
        model = known[path] = _opened(own, None, options, path, version)
    return model


def _measurable(engine: Engine, opened: Callable[[Path, str], Model], path: Path, version: str) -> Model:
    """Open a bundle that is to be measured beside the champion.

    Raises:
        BundleError: one of both runs on a GPU, where what is measured would be in the way of what is asked.
    """
    model = opened(path, version)
    if {model.provider, engine.model.provider} != {"cpu"}:
        raise BundleError(f"version {version} is not measured, for models run on a GPU here")
    return model


def _opened(own: About, memory: str | None, options: Options, path: Path, version: str) -> Model:
    """Open the bundle at `path`, which has to take the requests that `own` does.

    Raises:
        BundleError: it does not, or is not whole.
    """
    about = read_about(path)
    if (about.workload, about.kind) != (own.workload, own.kind):
        raise BundleError(f"a bundle of {about.workload} ({about.kind}), not of {own.workload} ({own.kind})")
    if _requests(about) != _requests(own):
        raise BundleError("it takes other requests than this endpoint does: start its own Bento")
    return Model.open(path, version, memory, options.device)


def _requests(about: About) -> Any:
    """Return the JSON schema of what the endpoint of a bundle takes, less what is only shown."""
    codec = catalogue.codec(about.kind, about.task)
    types = (codec.request(about.input), codec.labelled(about.input))
    return [_bare(TypeAdapter(type_).json_schema()) for type_ in types if type_]


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {key for key in schema if key in _FOR_PEOPLE or key.startswith("x-")}
    # a field of such a name has a schema there, a remark is a text or a list
    return {key: _bare(value) for key, value in schema.items() if key not in shown or isinstance(value, dict)}
