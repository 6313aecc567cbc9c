"""`params.yaml`, read once at the edge into frozen typed models; a wrong key is answered in one line."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from components.config.card import Card
from components.config.errors import ConfigError
from components.config.gate import Gate
from components.config.retrain import Retrain
from components.config.schedule import fitting_batch_size, fitting_epochs
from components.config.section import Corrections as Corrections
from components.config.section import Fraction as Fraction
from components.config.section import Section as Section
from components.config.task import TaskOptions
from components.config.watch import Watch

PARAMS = Path("params.yaml")
SECTIONS = ("workloads", "prices")
"""What `params.yaml` may say."""
LEAST_STEPS = 300
"""Steps under which a training is said to be short before it begins, and what to write instead."""

PASSES = 3.0
"""Times the operations of an answer that a step takes of an example: forwards, and twice that backwards."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class DataFacts(Protocol):
    """What is known of a prepared data set before its examples are read."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many examples each split has."""

    @property
    def input(self) -> Any:
        """Return the description of one example that `prepare` wrote."""


class Training(TaskOptions):
    """What every kind's training has; a kind adds its recipe."""

    seed: int = 0
    """Seed of the weights, the order of the data and its augmentation."""
    epochs: Annotated[int, Field(ge=1)]
    """Passes over the training split."""
    batch_size: Annotated[int, Field(ge=1)]
    """Examples a step."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """`auto`: the GPU where there is one."""
    devices: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    """Processes of a node, each with its GPU, or with `train.threads` of the CPU. `auto`: every GPU, or one process."""
    nodes: Annotated[int, Field(ge=1)] = 1
    """Machines that learn together, each started by `torchrun`, SLURM or the like, see docs/training.md."""
    launcher: Literal["local", "torchrun", "slurm", "trainjob"] = "local"
    """Who starts the processes: `local`, the stage; `torchrun`, which starts again what was killed; `slurm`, in a batch
    job; `trainjob`, Kubeflow's on Kubernetes. The stage waits for them, see docs/training.md."""
    strategy: Literal["auto", "ddp", "fsdp"] = "auto"
    """How several processes learn: `ddp`, each has the whole model; `fsdp`, each a part of it (GPUs). `auto`: ddp."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """`auto`: bf16 where the hardware computes in it, else 32 bit."""
    layout: Literal["auto", "channels_last", "contiguous"] = "auto"
    """Of pictures in memory; records have none. `auto`: channels last."""
    compile: Literal["auto"] | bool = "auto"
    """Compile the network (torch.compile). `auto`: on a GPU, if there are steps enough to pay for it."""
    threads: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    """CPU threads of one process. `auto`: half of the cores that it may use, shared by the processes; more are slower
    where others use the cores too. Another count gives other weights."""
    checkpoint_every: Annotated[float, Field(ge=0.0)] = 60.0
    """Seconds between two checkpoints: at most so much is lost by a kill. 0: one every step."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """Stop after so many epochs without a better validation score, and keep the best epoch's weights. Left out: learn
    to the end of the schedule, which is what it is made for."""

    FITTED: ClassVar[str] = "trees"
    """What `train.model` of a kind that has one calls its model that is fitted in one go."""
    LEARNED_BY: ClassVar[frozenset[str]] = frozenset()
    """Keys of a kind that learns by steps from labels alone, and measures its model where it learns from none: they
    mean nothing then. Empty: it always learns by steps."""

    least_steps: Annotated[int, Field(ge=1)] = 600
    """Where `train.epochs` is left out, a small training split is seen more often, until there are so many steps; where
    `train.batch_size` is left out, a batch is at most an eighth of the split."""

    def undecided(self) -> dict[str, str]:
        """Return the keys that are left to the data, as the section has them; none: all is said."""
        return {}

    def decided(self, data: DataFacts, supervised: bool = True) -> Self:
        """Return the section with what is left to the data decided by it: the same data decide alike everywhere.

        `supervised`: whether labels are learned from.
        """
        return self

    def reason(self, data: DataFacts, supervised: bool = True) -> str:
        """Return in words how what is left to the data is decided, and why."""
        return ""

    def fitted(self, examples: int) -> Self:
        """Return the section with the batch size and the epochs that fit so many training examples.

        What the user wrote stays. A batch is at most an eighth of the examples, and there are `least_steps` steps.
        """
        chosen = self
        if "batch_size" not in self.model_fields_set:
            chosen = self._with(batch_size=fitting_batch_size(examples, self.batch_size))
        if "epochs" not in self.model_fields_set:
            steps = chosen.steps_an_epoch(examples)
            chosen = chosen._with(epochs=fitting_epochs(steps, self.least_steps, self.epochs))
        return chosen

    def _with(self, **chosen: float) -> Self:
        """Return the section with what the rules chose, which the user did not write."""
        copy = self.model_copy(update=chosen)
        copy.model_fields_set.difference_update(chosen)
        return copy

    def steps_an_epoch(self, examples: int) -> int:
        """Return the steps in which the training goes once through so many examples."""
        return max(1, examples // self.batch_size)

    def left_out(self, examples: int) -> int:
        """Return how many of the examples an epoch passes over, other ones each time."""
        return max(0, examples - self.steps_an_epoch(examples) * self.batch_size)

    def advice(self, examples: int) -> str:
        """Return what to write in `params.yaml` to have steps enough."""
        unset = self.model_copy()
        unset.model_fields_set.difference_update({"epochs", "batch_size"})
        fitted = unset.fitted(examples)
        steps = fitted.epochs * fitted.steps_an_epoch(examples)
        return f"leave out train.epochs and train.batch_size, and {steps:,} steps of {fitted.batch_size} are taken"

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one example.

        `input` is the description of one example that `prepare` wrote.
        """
        return 0.0  # not known

    def answer_operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many of `operations` the served graph takes to answer one example."""
        return self.operations(input)

    def served_megabytes(self) -> float:
        """Return about how large the graph is that is served; 0: not known."""
        return 0.0

    def work(self, input: Mapping[str, Any], examples: int) -> float:
        """Return about how many multiplications and additions the training of so many examples takes, once fitted."""
        return (examples - self.left_out(examples)) * self.epochs * PASSES * self.operations(input)

    def in_32_bit(self) -> str | None:
        """Return why a CPU learns faster in 32 bit, whatever instructions it has; None: it does not."""
        return None

    def measured_by(self) -> frozenset[str]:
        """Return which of `LEARNED_BY` mean something to a model that is measured, too."""
        return frozenset()

    def ordinary_cost(self, input: Mapping[str, Any]) -> dict[str, float]:
        """Return what an answer of such a model ordinarily costs at most, by the key of `gate.cost`, where it is more.

        `input` is as in `operations`.
        """
        return {}

    def learns_unlabelled(self, examples: int, classes: int) -> bool:
        """Return whether examples without labels are learned from besides so many labelled ones of so many classes."""
        return False

    def pretrained_for(self, data: DataFacts, supervised: bool = True) -> str | None:
        """Return the name of the backbone that the training on the data begins with; None: with none."""
        return self.pretrained()

    def decides_backbone(self) -> dict[str, str | None]:
        """Return the keys that say which backbone that is, beside the data."""
        return {"backbone": self.pretrained()}

    def pretrained(self) -> str | None:
        """Return the name of the backbone that the training begins with, of `backbones/`; None: with none."""
        return None


class Serve(Section):
    """How every kind's model answers; it travels in the bundle. What the endpoint does besides is set where it runs."""

    precision: Literal["float32", "float16", "int8"] = "float32"
    """Numbers that the model served computes in. `int8` is faster on a CPU, see docs/edge.md; `float16` is for a GPU,
    see docs/serving.md#a-gpu. Either is served only if it keeps to `serve.margin`."""
    margin: Annotated[float, Field(ge=0.0, le=1.0)] = 0.002
    """How much of the deciding metric, on the test split, `float16` or `int8` may lose against `float32`; if it loses
    more, `float32` is served."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """Where the endpoint's model runs: `auto`, on a GPU where ONNX Runtime can use one; `gpu`, else it does not start.
    The endpoint's `JOURNEYMAN_DEVICE` comes first. See docs/serving.md#a-gpu."""
    max_bytes: Annotated[int, Field(ge=1, le=2**30)] = 10 * 2**20
    """Largest request that the endpoint reads, in bytes."""
    start_timeout: Annotated[float, Field(gt=0.0, le=3600.0)] = 180.0
    """Seconds that `flows.train` waits for the new Bento's endpoint to get ready, before it asks it."""

    unfamiliar: Annotated[float, Field(ge=0.0, le=0.5)] = 0.01
    """The part of examples like those of training that may be flagged as `unfamiliar`, like nothing that the model was
    trained on; the validation split decides from where on, see docs/unfamiliar.md. 0: nothing is flagged."""
    abstain: bool = False
    """An unfamiliar example gets no answer: the endpoint says that it abstains."""

    @model_validator(mode="after")
    def _float16_has_a_gpu(self) -> Self:
        if self.precision == "float16" and self.device == "cpu":
            raise ValueError("precision float16 is for a GPU, and device is cpu: ask for float32 or int8")
        return self

    def in_bundle(self) -> dict[str, Any]:
        """Return what travels in the bundle: what the answers of the model depend on."""
        said = self.model_dump(mode="json", exclude={"margin", "start_timeout"})
        if said["device"] == "auto":  # as what reads no such key does
            del said["device"]
        return said


class Evaluate(Section):
    """How every kind's model is measured, beside the test split."""

    cross_validate_below: Annotated[int, Field(ge=0)] = 100
    """Where the test split has fewer examples than this, what is trained is cross-validated as well, and the gate goes
    by that, see docs/registry.md#cross-validation. 0: never. With 100 examples an accuracy of 0.9 is known to 0.06."""
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Parts of all examples in a cross-validation: so many trainings, each of which leaves one part out."""


TRAIN = "write train: {} for every default"
"""What to do about a section without a recipe."""


class Workload(Section):
    """One section of `workloads:`; each kind narrows `kind`, `prepare`, `train` and `serve`."""

    kind: str
    """What sort of data: `audio`, `image`, `interactions`, `table`, `text`, or a kind of an installed package, see
    docs/extensions.md."""
    task: str | None = None
    """What is asked of it: which class (`classification`), whether positive (`detection`), which number (`regression`),
    how unusual (`anomaly`), what is taken next (`ranking`), or a task of an installed package. Left out: by the labels,
    and said; see docs/tasks.md."""
    source: Annotated[str, Field(pattern=r"^[^~]")]
    """Where the data is, absolute or from the project's folder (DVC knows no `~`): for pictures a folder, for tables a
    file, a folder or an address; or the description of a public data set (`datasets/*.yaml`)."""
    description: str = ""
    """One sentence for people, shown in the registry."""
    prepare: Section
    train: Training
    serve: Serve = Serve()
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    card: Card = Card()
    watch: Watch = Watch()
    retrain: Retrain = Retrain()

    def unlabelled(self) -> Path | None:
        """Return the folder of examples without labels that are learned from besides; None: there is none."""
        return None

    def unlabelled_answers(self) -> int:
        """Return how many answers without a label are learned from besides, at most."""
        return 0

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, content: dict[str, Any]) -> dict[str, Any]:
        """Take a section of which only the name is written, which YAML reads as null, for one that says nothing."""
        sections = ("prepare", "train", "serve", "evaluate", "gate", "card", "watch")
        return {key: {} if value is None and key in sections else value for key, value in content.items()}


SectionT = TypeVar("SectionT", bound=Section)


def read_workloads(path: Path = PARAMS) -> dict[str, dict[str, Any]]:
    """Return the raw sections under `workloads:` by name.

    Raises:
        ConfigError: the file is missing, is no YAML, or holds anything but well-named workloads.
    """
    content = read_yaml(path)
    for key in content:
        if key not in SECTIONS:
            raise ConfigError(f"{path}: {key}: unknown key. Allowed: {', '.join(SECTIONS)}{_nearest(key, SECTIONS)}")
    workloads = content.get("workloads")
    if not isinstance(workloads, dict) or not workloads:
        raise ConfigError(f"{path}: workloads: expected at least one workload, found {_show(workloads)}")
    for name, section in workloads.items():
        parse(_Named, {"name": name}, f"{path}: workloads.")
        if not isinstance(section, dict):
            raise ConfigError(f"{path}: workloads.{name}: expected a section, found {_show(section)}")
    return workloads


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that the YAML file at `path` holds."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; run from the project's folder") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected keys and values, found {_show(content)}")
    return content


def choose(name: str, allowed: Sequence[str], where: str, what: str) -> str:
    """Return `name` if it is among `allowed`, else raise a `ConfigError` that names the nearest."""
    if name in allowed:
        return name
    raise ConfigError(f"{where}: unknown {what} {name!r}. Allowed: {', '.join(allowed)}{_nearest(name, allowed)}")


def parse(model: type[SectionT], content: Mapping[str, Any], where: str) -> SectionT:
    """Return `content` as a `model`.

    Args:
        model: the typed section.
        content: what the file says.
        where: what stands before a key's path in the error: the file, and the path of the section with a dot behind.

    Raises:
        ConfigError: one line for the first thing wrong: its path, what was found, what is allowed.
    """
    try:
        return model.model_validate(dict(content))
    except ValidationError as error:
        raise ConfigError(where + _first_error(error.errors(), model, content)) from error


class _Named(Section):
    name: Name


def _first_error(errors: list[ErrorDetails], model: type[BaseModel], content: Mapping[str, Any]) -> str:
    errors = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")  # a typo explains a missing key
    error, path = errors[0], _path(errors[0], content)
    key = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        allowed = _allowed_keys(model, path)
        return f"{key}: unknown key. Allowed: {', '.join(allowed)}{_nearest(str(path[-1]), allowed)}"
    if error["type"] == "missing":
        return f"{key}: missing{_described(model, path)}"
    if error["type"] == "value_error" and isinstance(error["input"], Mapping):  # a section whose keys do not fit
        said = _lower_first(str(error["ctx"]["error"]))
        return f"{key}: {said}" if key else said
    alternatives = [_lower_first(other["msg"]) for other in errors if _path(other, content) == path]
    return f"{key}: found {_show(error['input'])}; {'; or '.join(dict.fromkeys(alternatives))}"


def _path(error: ErrorDetails, content: Mapping[str, Any]) -> list[int | str]:
    """Return the keys that lead to the error, without the names of union members that pydantic puts between them."""
    path: list[int | str] = []
    node: Any = content
    for part in error["loc"]:
        if isinstance(node, Mapping) and (part in node or error["type"] == "missing"):
            path.append(part)
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            path.append(part)
            node = node[part]
    return path


def _described(model: type[BaseModel], path: Sequence[int | str]) -> str:
    """Return what the section says of a key that has to be there."""
    fields = [section.model_fields.get(str(path[-1])) for section in _sections(model, path[:-1])]
    return next((f"; {field.description}" for field in fields if field and field.description), "")


def _allowed_keys(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Return the keys of the section that has not the last one of `path`."""
    sections = [list(section.model_fields) for section in _sections(model, path[:-1])]
    return next((keys for keys in sections if path[-1] not in keys), sections[0])


def _sections(model: type[BaseModel], path: Sequence[int | str]) -> list[type[BaseModel]]:
    """Return the models of the section that the keys lead to; several where it may be one or another."""
    models = [model]
    for part in path:
        fields = [outer.model_fields[part] for outer in models if isinstance(part, str) and part in outer.model_fields]
        models = [inner for field in fields for inner in _models_in(field.annotation)] or models
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, list, dict, tuple, Annotated):
        for part in get_args(annotation):
            yield from _models_in(part)


def _nearest(word: str, allowed: Sequence[str]) -> str:
    close = get_close_matches(str(word), allowed, n=1, cutoff=0.5)
    return f". Did you mean {close[0]!r}?" if close else ""


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
