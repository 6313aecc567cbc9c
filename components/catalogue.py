"""Find a workload's section of `params.yaml`, and the parts of its kind and of its task, by name."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from components.config import params
from components.config.errors import ConfigError
from components.config.task import TaskOptions
from components.extensions import Extension, What, extensions
from components.tasks.codec import TaskCodec

if TYPE_CHECKING:
    from components.kinds import contract
    from components.kinds.prepared import PreparedData
    from components.tasks import contract as tasks
    from components.tasks.evaluation import TaskEvaluation
    from components.tasks.learner import TaskLearner

_BEFORE = {"image": "classification", "table": "detection"}
"""What was asked of each kind before tasks had names; bundles and prepared data of that time still mean it."""


def names() -> list[str]:
    """Return every kind there is, those of installed packages among them."""
    return sorted({*_built_in("kind"), *extensions("kind")})


def task_names() -> list[str]:
    """Return every task there is, those of installed packages among them."""
    return sorted({*_built_in("task"), *extensions("task")})


def built_in_tasks() -> list[str]:
    """Return the tasks that labels may ask for where `task` is left out."""
    return sorted(_built_in("task"))


def extensions_of(kind: str, task: str | None) -> list[Extension]:
    """Return the installed packages that the kind and the task are of; none where both are built in."""
    found = [installed("kind", kind), installed("task", task) if task else None]
    return list({one.distribution: one for one in found if one}.values())


def labels_of(task: str | None) -> str | None:
    """Return the built-in task whose labels the task has: so a kind reads them. None: not said."""
    return getattr(import_module(package("task", task)), "LABELS_OF", task) if task else None


def installed(what: What, name: str) -> Extension | None:
    """Return the installed package that the kind or the task is of; None: it is built in, which no package replaces."""
    return None if name in _built_in(what) else extensions(what).get(name)


def package(what: What, name: str) -> str:
    """Return the name of the package whose parts are those of the kind or of the task.

    Raises:
        ConfigError: there is none of that name.
    """
    if name in _built_in(what):
        return f"components.{what}s.{name}"
    if found := extensions(what).get(name):
        return found.package
    known = sorted({*_built_in(what), *extensions(what)})
    raise ConfigError(f"{what} {name!r}: not built in, and no installed package has it. There are: {', '.join(known)}")


def workloads() -> dict[str, params.Workload]:
    """Return every workload of `params.yaml`, typed by its kind.

    Raises:
        ConfigError: one line that names the first thing wrong.
    """
    return {name: _typed(name, section) for name, section in params.read_workloads().items()}


def workload(name: str) -> params.Workload:
    """Return the workload of that name; the whole file must be in order.

    Raises:
        ConfigError: there is none of that name, or something in `params.yaml` is wrong.
    """
    everything = workloads()
    return everything[params.choose(name, list(everything), str(params.PARAMS), "workload")]


def decided(workload: params.Workload, data: "PreparedData") -> params.Workload:
    """Return the workload with what its section `train` leaves to the prepared data decided by them."""
    train = workload.train.decided(data, is_supervised(data.kind, data.task))
    return workload if train is workload.train else workload.model_copy(update={"train": train})


def task(kind: str, said: str = "") -> str:
    """Return the task that a bundle or prepared data says; where it says none, what was asked of the kind before."""
    return said or _BEFORE[kind]


def codec(kind: str, said: str = "") -> TaskCodec:
    """Return what callers meet: the kind's reader, and the task's answers."""
    return TaskCodec(cast("contract.Codec", _module(kind, "codec")), answers(kind, said))


def options(kind: str, said: str = "") -> tuple[str, ...]:
    """Return the keys of the section `train` that mean something to the task."""
    return cast("tuple[str, ...]", import_module(package("task", task(kind, said))).OPTIONS)


def check_options(name: str, train: params.Training, kind: str, said: str = "") -> None:
    """Check that what the section `train` of the workload `name` says of a task is for the task that the data has.

    Raises:
        ConfigError: a key, or the metric that is to decide, is another task's.
    """
    asked, where = task(kind, said), f"{params.PARAMS}: workloads.{name}.train."
    others = train.model_fields_set & set(TaskOptions.model_fields) - set(options(kind, said))
    if written := sorted(key for key in others if getattr(train, key) is not None):
        raise ConfigError(f"{where}{written[0]}: means nothing to task: {asked}; leave it out, or write another task")
    if train.metric not in (None, *_metrics(asked)):
        allowed = ", ".join(_metrics(asked))
        raise ConfigError(f"{where}metric: {train.metric!r} decides nothing of task: {asked}. Allowed: {allowed}")


def is_supervised(kind: str, said: str = "") -> bool:
    """Whether the task learns from labels, as all do but one that says otherwise."""
    return bool(getattr(import_module(package("task", task(kind, said))), "SUPERVISED", True))


def is_labelled_by_hand(name: str) -> bool:
    """Whether a person can say what is right, as of all tasks but one that says otherwise."""
    return bool(getattr(import_module(package("task", name)), "LABELLED_BY_HAND", True))


def answers(kind: str, said: str = "") -> "tasks.Answers":
    """Return what the task answers."""
    return cast("tasks.Answers", _task_module(task(kind, said), "answers"))


def live(kind: str, said: str = "") -> "tasks.Live | None":
    """Return what the task's answers are measured by at work; None: an installed package does not say."""
    name = f"{package('task', task(kind, said))}.live"
    return cast("tasks.Live", import_module(name)) if find_spec(name) else None


def source(kind: str) -> "contract.Source":
    """Return how the kind reads its sources."""
    return cast("contract.Source", _module(kind, "source"))


def preparation(kind: str) -> "contract.Preparation":
    """Return how the kind prepares raw records."""
    return cast("contract.Preparation", _module(kind, "prepare"))


def partitioned(kind: str) -> "contract.PartitionedPreparation | None":
    """Return how the kind prepares a part of raw records for all machines; None: one machine prepares all of them."""
    module = _module(kind, "prepare")
    return cast("contract.PartitionedPreparation", module) if hasattr(module, "prepare_partition") else None


def sample(kind: str) -> "contract.Sample":
    """Return how the kind shows held-out examples as callers send them."""
    return cast("contract.Sample", _module(kind, "sample"))


def remembered(kind: str) -> Callable[[Path, Any, int], list[dict[str, Any]]] | None:
    """Return the kind's `sample.remembered`: rows that stand on what an endpoint remembers alone; None: it has none.

    It takes the directory of what `prepare` gave the bundle, the bundle's description of one example, and how many.
    """
    return getattr(_module(kind, "sample"), "remembered", None)


def overview(kind: str) -> "contract.Overviews":
    """Return how the kind shows people what became of a source."""
    return cast("contract.Overviews", _module(kind, "overview"))


def scoring(kind: str) -> "contract.Scoring":
    """Return how the kind answers very many rows at once."""
    return cast("contract.Scoring", _module(kind, "scoring"))


def erasure(kind: str) -> "contract.Erasure | None":
    """Return what of somebody the kind keeps beside its records; None: nothing."""
    return cast("contract.Erasure | None", _optional(kind, "erasure"))


def logged(kind: str) -> "contract.Logged | None":
    """Return how answers of the prediction log become raw records; None: the kind does not learn from its work."""
    return cast("contract.Logged | None", _optional(kind, "logged"))


def exploration(kind: str) -> "contract.Exploration | None":
    """Return how the kind describes examples that are to be grouped; None: it does not."""
    return cast("contract.Exploration | None", _optional(kind, "exploration"))


def space(kind: str) -> "contract.SearchSpace | None":
    """Return what a search may vary of the kind's trainings; None: it does not say."""
    return cast("contract.SearchSpace | None", _optional(kind, "space"))


def browser(kind: str) -> Path | None:
    """Return the folder of the kind's codec in JavaScript, `codec.js` and what that imports; None: it has none."""
    folder = _folder(package("kind", kind)) / "browser"
    return folder if (folder / "codec.js").is_file() else None


def browser_answers(kind: str, said: str = "") -> Path | None:
    """Return the file of the task's answers in JavaScript; None: it has none."""
    file = _folder(package("task", task(kind, said))) / "answers.js"
    return file if file.is_file() else None


def golden(kind: str) -> "contract.Golden | None":
    """Return the requests by which readers of the kind are checked; None: it has none."""
    return cast("contract.Golden | None", _optional(kind, "golden"))


def relabelling(kind: str) -> "contract.Relabelling | None":
    """Return what raw records are called whose labels are put right; None: the kind has no such names."""
    return cast("contract.Relabelling | None", _optional(kind, "relabelling"))


def learner(kind: str, said: str = "") -> "TaskLearner":
    """Return how the kind learns what the task asks. Imports torch."""
    objectives = _task_module(task(kind, said), "objective")
    made = import_module("components.tasks.learner").TaskLearner
    return cast("TaskLearner", made(_module(kind, "learner"), objectives))


def evaluation(kind: str, said: str = "") -> "TaskEvaluation":
    """Return what a model of the kind is measured by at the task."""
    made = import_module("components.tasks.evaluation").TaskEvaluation
    return cast("TaskEvaluation", made(_module(kind, "evaluation"), _task_module(task(kind, said), "evaluation")))


def _typed(name: str, section: dict[str, object]) -> params.Workload:
    where = f"{params.PARAMS}: workloads.{name}"
    if "kind" not in section:
        raise ConfigError(f"{where}.kind: missing. Allowed: {', '.join(names())}")
    kind = _chosen("kind", str(section["kind"]), where)
    if (said := section.get("task")) is not None:
        _chosen("task", str(said), where)
    model = cast("contract.Params", _module(kind, "params")).Workload
    typed = params.parse(model, section, f"{where}.")
    if typed.task is not None:
        check_options(name, typed.train, kind, typed.task)
    elif typed.train.metric is not None:
        known = [metric for one in task_names() for metric in _metrics(one)]
        params.choose(typed.train.metric, sorted(set(known)), f"{where}.train.metric", "metric")
    return typed


def _metrics(task: str) -> tuple[str, ...]:
    return cast("tuple[str, ...]", import_module(package("task", task)).METRICS)


def _chosen(what: What, name: str, where: str) -> str:
    if name in _built_in(what):
        return name
    return params.choose(name, sorted({*_built_in(what), *extensions(what)}), f"{where}.{what}", what)


@cache
def _built_in(what: What) -> frozenset[str]:
    part = {"kind": "codec", "task": "answers.py"}[what]
    found = (path.parent.name for path in Path(__file__).parent.glob(f"{what}s/*/{part}"))
    return frozenset(found) - {"contract"}


def _module(kind: str, part: str) -> object:
    return import_module(f"{package('kind', kind)}.{part}")


def _optional(kind: str, name: str) -> object | None:
    """Return a module of the kind that it may do without; None: it has none."""
    return _module(kind, name) if find_spec(f"{package('kind', kind)}.{name}") else None


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def _task_module(task: str, part: str) -> object:
    return import_module(f"{package('task', task)}.{part}")
