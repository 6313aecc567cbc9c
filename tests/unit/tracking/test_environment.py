import re
from importlib.metadata import distributions

from components.tracking.environment import Environment, changed_packages, differences, environment, packages

THEN = Environment(
    python="CPython 3.11.4",
    platform="Linux-6.1-x86_64",
    processor="Old",
    features=("avx2", "fma"),
    cores=2,
    device="cpu",
    packages={"numpy": "2.4.6", "onnx": "1.20", "torch": "2.13.0"},
)


def test_it_says_what_this_process_runs_on() -> None:
    here = environment()
    assert here.python.startswith("CPython 3.")
    assert here.processor
    assert here.cores >= 1
    assert here.packages["torch"].startswith("2.")
    assert "import-linter" in here.packages  # one way of writing a name, whichever its metadata has
    assert differences(here, environment()) == []
    assert Environment.model_validate_json(here.model_dump_json()) == here


def test_the_packages_are_those_that_the_standard_library_finds() -> None:
    found = {re.sub(r"[-_.]+", "-", item.metadata["Name"]).lower(): item.version for item in distributions()}
    assert packages() == found


def test_differences_are_named() -> None:
    now = THEN.model_copy(
        update={
            "python": "CPython 3.12.1",
            "features": ("avx2", "avx512f"),
            "cores": 64,
            "packages": {"numpy": "2.5.0", "torch": "2.13.0", "jax": "1.0"},
        }
    )
    assert differences(THEN, now) == [
        "python CPython 3.11.4 -> CPython 3.12.1",
        "processor without fma",
        "processor with avx512f",
        "jax none -> 1.0",
        "numpy 2.4.6 -> 2.5.0",
        "onnx 1.20 -> none",
    ]
    assert differences(THEN, THEN) == changed_packages(packages(), packages()) == []


def test_the_packages_have_one_hash_whatever_their_order() -> None:
    turned = THEN.model_copy(update={"packages": dict(reversed(THEN.packages.items()))})
    assert turned.packages_sha256 == THEN.packages_sha256
    other = THEN.model_copy(update={"packages": {**THEN.packages, "torch": "2.13.1"}})
    assert other.packages_sha256 != THEN.packages_sha256
