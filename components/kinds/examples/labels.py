"""The label and the group of each example that is a file: from its folders, or from its name."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from components.config.errors import ConfigError
from components.kinds.corrections import corrected
from components.kinds.examples.source_example import SourceExample, part_finder
from components.kinds.folders import label_text
from components.kinds.prepared import Split

_LISTED = 8


@dataclass(frozen=True)
class LabelledExample:
    """An example that has a label, before its file is read."""

    row: int
    """Its number among the raw records."""
    name: str
    label: str
    split: Split | None
    """Where the source gives one."""
    folder: str | None
    group: str | None


def labelled_examples(
    examples: Sequence[SourceExample], labels: Mapping[int, str], groups: Mapping[int, str]
) -> dict[int, LabelledExample]:
    """Return the examples that have a label, by their number, in its order."""
    return {
        row: LabelledExample(row, (of := examples[row]).name, label, of.split, of.folder, groups.get(row))
        for row, label in sorted(labels.items())
    }


def label_examples(
    examples: Sequence[SourceExample], labels: str, group: str | None, corrections: str | None, of: str
) -> tuple[dict[int, LabelledExample], list[str]]:
    """Return the examples that have a label, by their number, and how groups were found and labels corrected.

    Args:
        examples: as the source has them.
        labels: `prepare.labels`, `folder` or a pattern of the names.
        group: `prepare.group`, the same of what keeps examples in one split; None: nothing does.
        corrections: `prepare.corrections`.
        of: what an example is called: `recording`.

    Raises:
        ConfigError: what the section says of labels or groups fits no example.
        DataError: a correction does not fit.
    """
    find_label = _finder(labels, "label", "prepare.labels")
    find_group = _finder(group, "group", "prepare.group") if group else None
    said = {row: _label(example, find_label) for row, example in enumerate(examples)}
    found, read = corrected(said, [example.name for example in examples], corrections, of)
    found = {row: label for row, label in found.items() if label}
    if not found:
        raise ConfigError(f"prepare.labels: {labels!r} finds no label, as of {examples[0].name!r}")
    groups = {}
    if find_group:
        groups = {row: name for row, example in enumerate(examples) if (name := find_group(example))}
        if not groups:
            raise ConfigError(f"prepare.group: {group!r} finds no group, as of {examples[0].name!r}")
    counts = Counter(groups[row] for row in found if row in groups)
    if counts and not any(example.split for example in examples):
        read.append(f"each of {len(counts):,} groups is in one split: {listed(counts)}")
    return labelled_examples(examples, found, groups), read


def listed(names: Collection[str]) -> str:
    """Return the first of the names as a sentence has them, of a `Counter` in their order and with how many each is."""
    shown = [f"{name} ({names[name]:,})" for name in sorted(names)] if isinstance(names, Counter) else list(names)
    return ", ".join(shown[:_LISTED]) + (f" and {len(shown) - _LISTED:,} more" if len(shown) > _LISTED else "")


def _finder(said: str, part: str, key: str) -> Callable[[SourceExample], str | None]:
    find = part_finder(said, part, key)
    if find is None:
        raise ConfigError(f"{key}: {said!r} is neither `folder` nor a pattern with {{{part}}} in it")
    return find


def _label(example: SourceExample, find: Callable[[SourceExample], str | None]) -> str:
    """Return the label: of what came later, where it lies in a folder, that folder."""
    return label_text((example.label if example.came_later else None) or find(example))
