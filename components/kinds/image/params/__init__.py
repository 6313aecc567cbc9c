"""The keys of a picture workload's section in `params.yaml`."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, model_validator

from components.config import params
from components.config.backbone import backbones, read_backbone
from components.config.section import Label
from components.config.settings import UNLABELLED
from components.kinds.image.params.operations import (
    backbone_cut,
    backbone_operations,
    backbone_weights,
    learning_operations,
    operations,
    weights,
)
from components.kinds.image.params.recipes import (
    AUTO,
    FEW_LABELS,
    PRETRAINED,
    RECIPES,
    SHAPE,
    chosen_recipe,
    written_recipe,
)

Side = Annotated[int, Field(ge=8, le=1024)]
Format = Literal["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "PPM", "JPEG2000", "HEIC"]
Most = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0.0, lt=1.0)] | None
"""A count, or a part of all pictures; none: it is reported, never fatal."""


def _rising(levels: list[float]) -> list[float]:
    if levels[0] >= levels[1]:
        raise ValueError("the first has to be below the second")
    return levels


def _unlabelled(folder: str) -> str:
    """Return the folder as it is written; DVC has to see it, so that it lies where `dvc.yaml` says.

    Raises:
        ValueError: it lies elsewhere.
    """
    path = PurePosixPath(folder)
    if ".." in path.parts or path.parent != PurePosixPath(UNLABELLED):
        raise ValueError(
            f"DVC versions what is in {UNLABELLED}/: put the pictures there, as {UNLABELLED}/mugs (`cp -al` takes no "
            "space), and write that folder"
        )
    return str(path)


Levels = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_rising)]


class Limits(params.Section):
    """How much may be wrong with the data before `prepare` fails: a count, or a part of all pictures (below 1)."""

    unreadable: Most = 0.01
    """Pictures that do not open, empty files and formats that are not read included."""
    missing: Most = 0.01
    """Pictures that a table names and that are not there."""
    unlabelled: Most = 0.01
    """Pictures without a label, where others have one."""
    duplicates: Most = 0.1
    """Pictures that stand in the test or validation split already."""
    contradictions: Most = 0.05
    """Pictures that are there with two labels."""
    empty_labels: Annotated[int, Field(ge=0)] | None = None
    """Labels without one readable picture."""
    smallest_class: Annotated[int, Field(ge=1)] | None = None
    """Training pictures that every class must have."""


class Prepare(params.Section):
    """How raw pictures become arrays."""

    size: Side | None = None
    """Height and width in pixels that every picture is brought to. Left out: of up to 10,000 pictures in colour the
    shorter side of half of them, from 32 to 128; of others 32."""
    channels: Literal[1, 3] | None = None
    """1: grey. 3: red, green, blue. Left out: 3 where more than one picture in twenty has colours, and said."""
    background: Annotated[int, Field(ge=0, le=255)] = 255
    """What shows through where a picture is transparent, as behind the training pictures. 0: black. 255: white."""
    levels: Levels | None = None
    """Of pictures of more than 8 bits a pixel: the values of black and of white, as `[0, 4095]`. Left out: found on the
    whole set, and kept in the bundle."""
    validation: params.Fraction = 0.1
    """Part of the training pictures held back to watch the training."""
    test: params.Fraction = 0.15
    """Part held back for the evaluation, where the source does not say which."""
    labels: Annotated[str, Field(min_length=1)] | None = None
    """Where the labels are, if it has to be said: `folder`; `none` (of anomalies, which need no label); a column of a
    table beside the pictures (`breed`, `labels.csv:breed`); a pattern of the names, as `{label}_*` (`*` anything,
    `#` digits); or a regular expression with `(?P<label>...)`."""
    positive: Label | None = None
    """The label that is to be found, of a detection or of anomalies (`defect`); where there are two it may be asked
    for."""
    normal: Label | None = None
    """Of anomalies: the label of ordinary pictures (`good`), where it has to be said; every other label is to be found.
    """
    group: Annotated[str, Field(min_length=1)] | None = None
    """What keeps pictures in one split: `folder` (within that of the label), a column of a table, or a pattern of the
    names, as `{group}_*`."""
    slices: list[Literal["origin", "folder"]] = []
    """By what in a picture's path the evaluation is parted: where it is from (`source`, `inbox`), or its folder within
    that of its label (a camera, a day). The model must be good in each part."""
    corrections: params.Corrections | None = None
    """A CSV file in `data/corrections` with labels that are put right, see docs/labelling.md; nothing of the source is
    changed."""
    unlabelled: Annotated[str, AfterValidator(_unlabelled)] | None = None
    """A folder in `data/unlabelled/` of pictures without labels, as `data/unlabelled/mugs`: where labels are few, a
    classification learns from them as well, if that is better on the validation split, see docs/few-pictures.md."""
    unlabelled_answers: Annotated[int, Field(ge=0)] = 0
    """Of the prediction log: at most so many pictures, the newest, that nobody has labelled, which are learned from as
    those of `unlabelled` are. `flows.retrain` takes them, see docs/retraining.md."""
    shards: Annotated[int, Field(ge=1)] | None = None
    """Pictures of a shard, where they are too many for one machine's disk: they lie in shards at `JOURNEYMAN_SHARDS`,
    from which a training streams them, see docs/machines.md. A shard of 100 MB is a good size. It decides the order in
    which a training sees the pictures, wherever they lie."""
    limits: Limits = Limits()


class Train(params.Training):
    """A recipe, and what the user wants otherwise: a small convolutional network, Muon in one cycle."""

    LEARNED_BY: ClassVar[frozenset[str]] = frozenset(
        {"epochs", "patience", "least_steps", "recipe", *PRETRAINED, *(set(RECIPES["quick"]) - {"flip"})}
    )

    recipe: Literal["auto", "quick", "standard", "best", "transfer"] = "auto"
    """Fills in what the section `train` leaves out of what a recipe says: the table below. `auto`: `transfer` for up to
    10,000 training pictures in colour, of 32 pixels a side and more, else `quick`. Where `backbone` or `tune` is
    written, it is `transfer`; where `width`, `depth`, `fine`, `learning_rate`, `momentum` or `weight_decay`, `quick`.
    """
    backbone: str | None = None
    """With `recipe: transfer`: the network that it begins with, a file of `backbones/`, see docs/few-pictures.md."""
    tune: Literal["head", "last", "all"] | None = None
    """With `recipe: transfer`: what of it learns on. `head`: nothing but a new last layer. `last`: its last stages too.
    `all`: all of it, which takes the longest; for many pictures."""
    width: Annotated[int, Field(ge=4, le=1024)] | None = None
    """Channels of the network's first stage; the later ones have two and four times as many."""
    depth: Annotated[int, Field(ge=1, le=32)] | None = None
    """Convolutions of each of the three stages."""
    fine: bool | None = None
    """Halve the picture at the end of a stage instead of at its beginning: more accurate, three times the work."""
    learning_rate: Annotated[float, Field(gt=0.0)]
    """Peak of the one-cycle schedule, for the kernels; ten times as much for the rest, of `transfer` for the head."""
    momentum: params.Fraction
    """Of Muon, after Nesterov; with `recipe: transfer` of AdamW."""
    weight_decay: Annotated[float, Field(ge=0.0)]
    """On kernels, apart from the gradient."""
    label_smoothing: params.Fraction
    """Part of a label that is spread over all classes."""
    flip: bool
    """Mirror half of the training pictures; of anomalies, a mirror image is as usual as its picture. Not for digits or
    letters."""
    shift: Annotated[int, Field(ge=0, le=64)]
    """Most pixels that a training picture is moved by in each direction."""
    erase: Annotated[float, Field(ge=0.0, le=1.0)]
    """Part of the training pictures that lose a rectangle."""
    vary: Literal["auto"] | Annotated[float, Field(ge=0.0, le=1.0)]
    """Part of the training pictures that are seen in another light, with other contrast and with noise. `auto`: a
    quarter of those in colour, no grey ones."""
    views: Literal[1, 2]
    """2: answer by the mean of a picture and its mirror image, which costs twice. Not for digits or letters: 1 where
    `train.flip` is false."""

    @model_validator(mode="wrap")
    @classmethod
    def _fill_in(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Complete what the user says by the recipe; a wrong name or type is left to the fields.

        `model_fields_set` names what the user said.
        """
        if not isinstance(given, dict):
            return handler(given)
        name = written_recipe(given)
        unmirrored = {"views": 1} if given.get("flip") is False else {}
        asked = given if given.get("recipe", AUTO) != AUTO else {**given, "recipe": name}
        filled = handler({**RECIPES.get(name, RECIPES["quick"]), **unmirrored, **asked})
        filled.model_fields_set.intersection_update(given)
        return filled

    @model_validator(mode="after")
    def _fits_the_recipe(self) -> Self:
        own, others = (PRETRAINED, SHAPE) if self.recipe == "transfer" else (SHAPE, PRETRAINED)
        for key in own:
            if getattr(self, key) is None:
                raise ValueError(f"{key}: recipe: {self.recipe} needs one; leave it out, and it is the recipe's")
        for key in others:
            if getattr(self, key) is not None:
                raise ValueError(f"{key}: means nothing to recipe: {self.recipe}; leave it out")
        if self.backbone is not None:
            params.choose(self.backbone, backbones(), "backbone", "name")
        return self

    @model_validator(mode="after")
    def _views_were_trained(self) -> Self:
        if self.views > 1 and not self.flip:
            raise ValueError("views: 2 shows mirrored pictures, which a training with flip: false does not show")
        return self

    def learns_unlabelled(self, examples: int, classes: int) -> bool:
        """Return whether there are so few labels of a class that pictures without any are worth their cost."""
        return examples < FEW_LABELS * classes

    def undecided(self) -> dict[str, str]:
        """Return the recipe, where it is left to the data."""
        return {"recipe": AUTO} if self.recipe == AUTO else {}

    def decided(self, data: params.DataFacts, supervised: bool = True) -> Self:
        """Return the section with the recipe that `auto` is for the data."""
        if self.recipe != AUTO:
            return self
        recipe, _ = chosen_recipe(data.counts["train"], data.input, supervised)
        written = {name: getattr(self, name) for name in self.model_fields_set}
        chosen = self.model_validate({**written, "recipe": recipe})
        chosen.model_fields_set.intersection_update(self.model_fields_set)
        return chosen

    def reason(self, data: params.DataFacts, supervised: bool = True) -> str:
        """Return which recipe `auto` is, and why."""
        if self.recipe != AUTO:
            return ""
        recipe, why = chosen_recipe(data.counts["train"], data.input, supervised)
        chosen = self.decided(data, supervised)
        network = f" ({chosen.backbone}, tune: {chosen.tune})" if chosen.backbone else ""
        return f"recipe: auto is {recipe}{network}, as {why}"

    def steps_an_epoch(self, examples: int) -> int:
        """Return the steps in which the training goes once through so many pictures."""
        return ceil(examples / self.batch_size)

    def left_out(self, examples: int) -> int:
        """Return how many of the pictures an epoch passes over: none."""
        return 0

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one picture."""
        if self.backbone:
            return sum(learning_operations(self.backbone, input["height"]))
        size = (input["height"], input["width"], input["channels"])
        return operations(size, self.width or 0, self.depth or 0, bool(self.fine))

    def work(self, input: Mapping[str, Any], examples: int) -> float:
        """Return the operations of a training; of a backbone what stays is computed once, with the mirror image."""
        if not self.backbone:
            return super().work(input, examples)
        parts = learning_operations(self.backbone, input["height"])
        cut = backbone_cut(self.backbone, self.tune or "last")
        once = 2 if self.flip else 1
        learned = self.epochs * params.PASSES * sum(parts[cut:])
        return examples * (once * sum(parts[:cut]) + learned)

    def answer_operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions the served graph takes to answer one picture."""
        return sum(backbone_operations(self.backbone, input["height"])) if self.backbone else self.operations(input)

    def served_megabytes(self) -> float:
        """Return about how large the graph is that is served: four bytes a weight."""
        shape = (self.width or 0, self.depth or 0)
        return 4e-6 * (backbone_weights(self.backbone) if self.backbone else weights(*shape))

    def in_32_bit(self) -> str | None:
        """Return why a backbone is not trained in bf16."""
        return "layers that see one channel at a time are slow in bf16" if self.backbone else None

    def measured_by(self) -> frozenset[str]:
        """Return the keys of the network by whose features patches are compared."""
        return frozenset({"recipe", "backbone"} if self.backbone else ())

    def ordinary_cost(self, input: Mapping[str, Any]) -> dict[str, float]:
        """Return what an answer may cost: of a network of few operations as much as EfficientNet-Lite0's."""
        if not self.backbone:
            return {}
        looks = self.views * (read_backbone(self.backbone).side(input["height"]) / 128) ** 2
        megabytes, operations = self.served_megabytes(), self.views * self.answer_operations(input)
        return {
            "milliseconds": max(20.0 * looks, 5e-8 * operations),
            "megabytes": max(20.0, 1.4 * megabytes),
            "memory_megabytes": 200.0 + 200.0 * looks + max(0.0, 3.0 * (megabytes - 20.0)),
        }

    def pretrained_for(self, data: params.DataFacts, supervised: bool = True) -> str | None:
        """Return the name of the backbone, that of `auto` among them."""
        if self.recipe != AUTO:
            return self.backbone
        return RECIPES[chosen_recipe(data.counts["train"], data.input, supervised)[0]].get("backbone")

    def decides_backbone(self) -> dict[str, str | None]:
        """Return recipe and backbone."""
        return {"recipe": self.recipe, "backbone": self.backbone}

    def pretrained(self) -> str | None:
        """Return the name of the backbone."""
        return self.backbone


class Serve(params.Serve):
    """What the endpoint takes for a picture."""

    formats: Annotated[list[Format], Field(min_length=1)] = ["PNG", "JPEG", "WEBP", "BMP"]
    """Files that the endpoint opens (`HEIC` where the package pillow-heif is installed); others are refused. Left out:
    these, and what the training pictures were."""
    max_pixels: Annotated[int, Field(ge=1, le=178_000_000)] = 50_000_000
    """Largest picture that the endpoint decodes: width times height. Above 178 million Pillow's own limit would come
    first."""


class Workload(params.Workload):
    """A picture workload."""

    kind: Literal["image"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
    serve: Serve = Serve()

    def unlabelled(self) -> Path | None:
        """Return the folder that `prepare.unlabelled` names."""
        return Path(self.prepare.unlabelled) if self.prepare.unlabelled else None

    def unlabelled_answers(self) -> int:
        """Return `prepare.unlabelled_answers`."""
        return self.prepare.unlabelled_answers
