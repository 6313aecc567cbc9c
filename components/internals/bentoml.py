"""What the endpoint and its packaging use of BentoML that its documentation does not name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bentoml
from _bentoml_sdk.io_models import IORootModel
from bentoml._internal.bento import BentoStore
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from bentoml._internal.utils.args import set_arguments

__all__ = ["IORootModel", "bento_home", "build_bento", "client_schema", "create_model", "keep_arguments", "openapi"]

_TRIES = 20


def bento_home() -> Path:
    """Return the folder of BentoML's stores; by documented means only the user's own setting of it is known."""
    return Path(BentoMLContainer.bentoml_home.get())


def keep_arguments(arguments: Mapping[str, Any]) -> None:
    """Have a Bento that is built now, and the workers, get these arguments: not `latest`, which moves."""
    set_arguments(dict(arguments))


def create_model(tag: bentoml.Tag, metadata: Mapping[str, Any], store: Path) -> Any:
    """Return the context in which a model is made, in a store of its own at `store`: a kill leaves no half in ours."""
    return bentoml.models.create(tag, metadata=dict(metadata), _model_store=ModelStore(store))


def build_bento(bentofile: Path, context: Path, tag: bentoml.Tag, arguments: Mapping[str, Any], store: Path) -> None:
    """Build the Bento into a store of its own at `store`, likewise.

    BentoML looks through all folders below `context`, and gives up where one of them goes meanwhile, as drafts of other
    processes do: then it is built again.
    """
    for left in reversed(range(_TRIES)):
        try:
            bentoml.bentos.build_bentofile(
                str(bentofile),
                build_ctx=str(context),
                name=tag.name,
                version=tag.version,
                args=dict(arguments),
                reload=True,
                _bento_store=BentoStore(store),
            )
        except FileNotFoundError:
            if not left:
                raise
        else:
            return


def openapi(service: Any) -> dict[str, Any]:
    """Return BentoML's OpenAPI document of a service, which it serves only as it is."""
    document: dict[str, Any] = service.openapi_spec.asdict()
    return document


def client_schema(service: Any) -> dict[str, Any]:
    """Return what BentoML's clients read of a service, likewise."""
    schema: dict[str, Any] = service.schema()
    return schema
