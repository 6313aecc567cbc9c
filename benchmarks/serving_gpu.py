"""What a GPU is worth to an endpoint: a run by its size, how inputs come to it, the engine under many that ask.

    python -m benchmarks.serving_gpu [--bundle DIR] [--quick] [--json FILE] [--seconds S]

One command for a bare machine, under eight minutes: onnxruntime-gpu[cuda,cudnn], numpy, pillow, pydantic, pyyaml,
sqlalchemy and this repository are enough. The bundle is one of pictures (artifacts/garments/bundle if nothing is said;
copy the folder there); beside it `float16` and `int8`, the bundles of these names' ends where they are there, and
`heavy`, a model of ten times the operations (`benchmarks/heavy.py`), where torch is installed.

    opened       seconds until it is verified, its golden rows are answered as they should be and it is measured
    alone, best  milliseconds of an example by itself, and of one in the batch that the endpoint would choose
    a run        milliseconds by the number of examples: `cpu` on one thread; `copied` and `bound` on the GPU, an input
                 that each run copies, and one written into memory that is kept (IO binding); arms take turns
    the engine   answers a second, p50 and p99 in milliseconds of so many that ask one picture each, all that an
                 endpoint does but HTTP; `again` is the CPU once more, the control

Without a GPU `copied` and `bound` run by the code for GPUs on the CPU, to be tested: their figures say nothing then.
"""

import asyncio
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from components.inference.bundle import ABOUT, MODEL, Bundle
from components.inference.device import Device, lacking, open_session
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.runner import CpuRunner, GpuRunner, Runner
from components.kinds.image import codec

ASKERS = (1, 32, 256)
DEADLINE = 60.0


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="few sizes, a quarter of a second for each load")
    parser.add_argument("--bundle", type=Path, default=harness.ROOT / "artifacts/garments/bundle")
    parser.add_argument("--seconds", type=float, help="of each load on the engine (5)")
    options = parser.parse_args()
    seconds = options.seconds or (0.25 if options.quick else 5.0)
    began, lack = time.perf_counter(), lacking()
    with tempfile.TemporaryDirectory() as scratch:
        bundles = {"float32": options.bundle, **others(options.bundle, Path(scratch))}
        figures = {name: measure(path, lack, seconds, options.quick) for name, path in bundles.items()}
    about = {"gpu": lack or "used", "seconds": time.perf_counter() - began}
    harness.finish({**about, "bundles": figures}, report, options.json)


def others(bundle: Path, scratch: Path) -> dict[str, Path]:
    """Return the bundles that are measured besides."""
    found = {precision: bundle.with_name(f"{bundle.name}-{precision}") for precision in ("float16", "int8")}
    if importlib.util.find_spec("torch"):
        from benchmarks.heavy import heavy_bundle

        found["heavy"] = heavy_bundle(bundle, scratch / "heavy", batches=True)
    return {name: path for name, path in found.items() if (path / ABOUT).is_file()}


def measure(path: Path, lack: str, seconds: float, quick: bool) -> dict[str, Any]:
    """Return the figures of one bundle."""
    sizes = (1, 4, 32) if quick else tuple(2**power for power in range(9))
    arms: dict[str, Device] = {"cpu": "cpu", **({} if lack else {"gpu": "gpu"}), "again": "cpu"}
    models, opened = {}, {}
    for name, device in arms.items():
        began = time.perf_counter()
        models[name] = Model.open(path, "1", None, device)
        pace = models[name].pace
        opened[name] = {
            "opened_s": time.perf_counter() - began,
            "alone_ms": 1e3 * pace.single,
            "batch": pace.batch,
            "best_ms": 1e3 * pace.batched,
        }
    return {
        "opened": opened,
        "runs": runs(path, lack, sizes, 3 if quick else 25),
        "engine": {
            name: {str(askers): asked(model, askers, seconds) for askers in ASKERS} for name, model in models.items()
        },
    }


def runs(path: Path, lack: str, sizes: tuple[int, ...], repetitions: int) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of a run, by arm and size."""
    bundle = Bundle(path)
    session = open_session(path / MODEL, "cpu" if lack else "gpu")
    copied, bound = (GpuRunner(session, "cpu" if lack else "cuda") for _ in range(2))
    bound.bound = True
    arms: dict[str, Runner] = {"cpu": CpuRunner(open_session(path / MODEL)), "copied": copied, "bound": bound}
    outputs, random = [session.get_outputs()[0].name], np.random.default_rng(0)
    found: dict[str, dict[str, float]] = {arm: {} for arm in arms}
    for size in sizes:
        inputs = random.integers(0, 256, bundle.nothing(size).shape).astype(bundle.nothing(1).dtype)
        times = timed({arm: once(runner, outputs, inputs) for arm, runner in arms.items()}, repetitions)
        for arm, milliseconds in times.items():
            found[arm][str(size)] = milliseconds
    return found


def once(runner: Runner, outputs: list[str], inputs: NDArray[Any]) -> Callable[[], object]:
    """Return what runs the inputs, all of them at once."""
    return lambda: runner(outputs, inputs)


def timed(arms: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Return the median milliseconds of a call, by arm; the first two are not counted."""
    times: dict[str, list[float]] = {arm: [] for arm in arms}
    for repetition, arm in harness.turns(arms, repetitions + 2):
        began = time.perf_counter()
        arms[arm]()
        if repetition >= 2:
            times[arm].append(1e3 * (time.perf_counter() - began))
    return {arm: statistics.median(taken) for arm, taken in times.items()}


def asked(model: Model, askers: int, seconds: float) -> dict[str, float]:
    """Return the engine's figures with so many that ask, each again as soon as it is answered."""
    return asyncio.run(_asked(model, askers, seconds))


async def _asked(model: Model, askers: int, seconds: float) -> dict[str, float]:
    engine, random = Engine(), np.random.default_rng(0)
    engine.swap(model)
    shape = tuple(model.about.input[side] for side in ("height", "width", "channels"))
    rows = [codec.encode(random.integers(0, 256, shape, dtype=np.uint8)) for _ in range(64)]
    times, began = list[float](), time.monotonic()

    async def ask(number: int) -> None:
        while (now := time.monotonic()) < began + seconds:
            await engine.answer([rows[number % len(rows)]], deadline=now + DEADLINE)
            times.append(1e3 * (time.monotonic() - now))

    await asyncio.gather(*(ask(number) for number in range(askers)))
    took = time.monotonic() - began
    p50, p99 = np.percentile(times, (50, 99))
    return {"answers_s": len(times) / took, "p50_ms": float(p50), "p99_ms": float(p99)}


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"{figures['machine']}; GPU: {figures['gpu']}; {figures['seconds']:.0f} s")
    for name, found in figures["bundles"].items():
        print(f"\n| {name} | opened s | alone ms | batch | an example of it, ms |\n|---|---|---|---|---|")
        for arm, row in found["opened"].items():
            shown = f"{row['opened_s']:.2f} | {row['alone_ms']:.3f} | {row['batch']} | {row['best_ms']:.4f}"
            print(f"| {arm} | {shown} |")
        sizes = list(found["runs"]["cpu"])
        print(f"\n| {name}: a run, ms | {' | '.join(sizes)} |\n|---{'|---' * len(sizes)}|")
        for arm, times in found["runs"].items():
            print(f"| {arm} | {' | '.join(f'{value:.3f}' for value in times.values())} |")
        print(f"\n| {name}: the engine, who ask | answers/s | p50 ms | p99 ms |\n|---|---|---|---|")
        for arm, loads in found["engine"].items():
            for askers, row in loads.items():
                print(f"| {arm}, {askers} | {row['answers_s']:,.0f} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} |")


if __name__ == "__main__":
    main()
