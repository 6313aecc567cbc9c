"""A model for browsers and telephones: `python -m flows.edge [WORKLOAD] [--output FOLDER] [--version N]`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from components import catalogue
from components.config.errors import BundleError, ConfigError
from components.config.settings import STATE
from components.inference.edge import fetch_runtime, write_edge
from components.registry.promotion.aliases import champion
from components.registry.version import get_version
from components.system.files import scratch_directory
from flows import console
from flows.edge_examination import Examination, examination
from flows.servers import ask_registry

DEFAULT = "garments"


def edge(workload: str, output: Path | None = None, number: str | None = None) -> str:
    """Write the champion as a static folder that answers in a browser; return where, and how it is opened.

    Args:
        workload: whose.
        output: where to; None: `state/edge/<workload>`. What is there is replaced, if it is such a folder, or empty.
        number: a version; None: the champion.

    Raises:
        BundleError: the runtime of browsers does not answer the test split as well as Python, by `serve.margin`.
        ConfigError: there is no such workload, it has nothing for browsers, or the folder holds something else.
        JourneymanError: there is no such version, or the runtime cannot be had.
    """
    catalogue.workload(workload)
    ask_registry()
    version = champion(workload) if number is None else get_version(workload, number)
    if version is None:
        raise ConfigError(f"{workload} has no champion yet: make run WORKLOAD={workload}, or name a version")
    to = output or STATE / "edge" / workload
    if to.exists() and not (to / "edge.json").is_file() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(f"--output {to}: something else is there; name a folder of its own")
    bundle, runtime = version.bundle(), fetch_runtime()
    with scratch_directory(to) as draft:
        written = write_edge(bundle, version.number, version.card() or {}, runtime, draft / "folder")
        examined = examination(workload, written.path, bundle)
        if isinstance(examined, Examination) and not examined.passed:
            raise BundleError(f"{workload} version {version.number} is not written: {examined.refusal}")
    written = write_edge(bundle, version.number, version.card() or {}, runtime, to)
    return (
        f"{workload} version {written.version} ({written.precision}): {written.files} files, "
        f"{written.bytes / 1e6:.1f} MB, are in {written.path}\n"
        f"in the runtime of browsers: {examined}\n"
        f"to look at it here: python -m http.server --directory {written.path} --bind 127.0.0.1 8000\n"
        "elsewhere it needs HTTPS, for the camera and to work without a network: docs/edge.md"
    )


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.edge", description=__doc__.partition(":")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose champion ({DEFAULT})")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to (state/edge/WORKLOAD)")
    parser.add_argument("--version", help="a registered version (the champion)")
    return parser.parse_args(given)


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: edge(said.workload, said.output, said.version))
