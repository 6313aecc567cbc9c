"""The names of BentoML that `components/internals/bentoml.py` uses are in the pinned version."""

import inspect
from contextlib import nullcontext
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import bentoml
import pytest

LOST = f"BentoML {version('bentoml')} has no {{}} any more: mend components/internals/bentoml.py"


@pytest.mark.parametrize(
    "name",
    [
        "_bentoml_sdk.io_models.IORootModel",
        "_bentoml_sdk.Service.openapi_spec",
        "_bentoml_sdk.Service.schema",
        "bentoml._internal.bento.BentoStore",
        "bentoml._internal.configuration.containers.BentoMLContainer.bentoml_home",
        "bentoml._internal.models.ModelStore",
        "bentoml._internal.utils.args.set_arguments",
    ],
)
def test_the_names_are_in_the_pinned_version(name: str) -> None:
    assert _exists(name), LOST.format(name)


@pytest.mark.parametrize(
    ("function", "parameter"), [("models.create", "_model_store"), ("bentos.build_bentofile", "_bento_store")]
)
def test_what_is_made_can_be_put_into_a_store_of_its_own(function: str, parameter: str) -> None:
    found = bentoml
    for part in function.split("."):
        found = getattr(found, part)
    wrapped = inspect.signature(found)  # type: ignore[arg-type]
    assert parameter in wrapped.parameters, LOST.format(f"{function}({parameter}=)")


def test_a_model_is_made_in_the_store_that_is_named(tmp_path: Path) -> None:
    internals = import_module("components.internals.bentoml")
    with internals.create_model(bentoml.Tag("mug", "1"), {"version": "1"}, tmp_path) as model:
        Path(model.path, "content").write_text("whole")
    assert (tmp_path / "mug" / "1" / "content").read_text() == "whole"


@pytest.mark.parametrize("gone", [0, 3, 10_000])
def test_a_bento_is_built_again_where_a_folder_goes_meanwhile(
    gone: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    internals, tries = import_module("components.internals.bentoml"), list[str]()

    def build(bentofile: str, **_: object) -> None:
        tries.append(bentofile)
        if len(tries) <= gone:
            raise FileNotFoundError("state/.clock.draft-1")

    monkeypatch.setattr(bentoml.bentos, "build_bentofile", build)
    with pytest.raises(FileNotFoundError) if gone > 100 else nullcontext():
        internals.build_bento(tmp_path / "bentofile.yaml", tmp_path, bentoml.Tag("mug", "1"), {}, tmp_path)
    assert len(tries) == min(gone + 1, internals._TRIES)


def _exists(name: str) -> bool:
    """Whether a module, or an attribute within one, has that name."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
