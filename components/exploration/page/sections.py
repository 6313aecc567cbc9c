"""What the page shows: the map, each group, what is alone, what is there twice, and what may have a wrong label."""

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from components.exploration.groups import Groups
from components.exploration.page.map import draw_map
from components.exploration.tables import group_name, labels_of
from components.kinds.contract.exploration import Exploration, Explored
from components.pages.blocks import Block, Drawing, Paragraph, Section, Thumbnail, Thumbnails

_MEMBERS = 24  # of a group that are shown
_LISTED = 12  # outliers, duplicates, or labels in doubt


@dataclass(frozen=True, eq=False)
class Shown:
    """What the sections are made of."""

    kind: Exploration
    explored: Explored
    groups: Groups

    def thumbnail(self, index: int, caption: str = "") -> Thumbnail:
        """Return a small picture of an example, with its name."""
        return Thumbnail(self.source(index), self.explored.names[index], caption)

    def source(self, index: int) -> str:
        """Return the picture itself, as an address."""
        return _encoded(self, int(index))


@cache
def _encoded(shown: Shown, index: int) -> str:
    return f"data:image/png;base64,{base64.b64encode(shown.kind.thumbnail(shown.explored.inputs[index])).decode()}"


def headline(shown: Shown) -> list[tuple[str, str, str]]:
    """Return the figures above the sections: what, how many, and a note."""
    explored, groups = shown.explored, shown.groups
    of = f"of {explored.total:,}, evenly spread" if len(explored.names) < explored.total else ""
    return [
        ("Examples", f"{len(explored.names):,}", of),
        ("Groups", str(groups.count), "the largest first"),
        ("Duplicates", f"{(groups.duplicate_of >= 0).sum():,}", ""),
        ("Outliers", f"{groups.outlier.sum():,}", "far from what is nearest"),
    ]


def sections(shown: Shown) -> list[Section]:
    """Return the sections that have something to say."""
    found = [_map(shown), *_groups(shown), _outliers(shown), _duplicates(shown), _doubted(shown), _unreadable(shown)]
    return [section for section in found if section is not None]


def _map(shown: Shown) -> Section:
    groups = shown.groups
    drawing = draw_map(groups, shown.source)
    said = "What lies close together is alike; how far apart groups are means little (t-SNE). Frames tell groups."
    if len(groups.mapped) < len(groups.group):
        said += f" {len(groups.mapped):,} of the examples are on it."
    return Section("Map", [Paragraph(said), Drawing(drawing)])


def _groups(shown: Shown) -> list[Section]:
    return [_group(shown, group) for group in range(shown.groups.count)]


def _group(shown: Shown, group: int) -> Section:
    groups = shown.groups
    members = groups.members(group)
    labels = labels_of(shown.explored, groups, group)
    told = ", ".join(f"{label} {count:,}" for label, count in labels[:6])
    more = f", and {len(labels) - 6} more labels" if len(labels) > 6 else ""
    blocks: list[Block] = [Paragraph(f"Labels: {told}{more}.")] if labels else []
    spread = members[np.linspace(0, len(members) - 1, min(_MEMBERS, len(members))).astype(int)]
    blocks.append(Thumbnails([shown.thumbnail(index) for index in spread], "from the most typical to the least"))
    near = [shown.thumbnail(index) for index in (members[0], *groups.neighbours[members[0]])]
    blocks.append(Thumbnails(near, "the most typical, and its nearest neighbours"))
    return Section(f"{group_name(group)}: {len(members):,}", blocks)


def _outliers(shown: Shown) -> Section | None:
    groups = shown.groups
    found = sorted(map(int, groups.outlier.nonzero()[0]), key=lambda index: -groups.far[index])
    if not found:
        return None
    rows = [_with_neighbours(shown, index) for index in found[:_LISTED]]
    return Section(f"Outliers: {len(found):,}", [Paragraph("Each with its nearest neighbours behind it."), *rows])


def _duplicates(shown: Shown) -> Section | None:
    first = shown.groups.duplicate_of
    found = Counter(int(index) for index in first if index >= 0)
    if not found:
        return None
    rows = [_thumbnails(shown, (index, *(first == index).nonzero()[0][:_LISTED])) for index in list(found)[:_LISTED]]
    return Section(f"Duplicates: {sum(found.values()):,}", [Paragraph("What shows the same, a row each."), *rows])


def _doubted(shown: Shown) -> Section | None:
    """Show examples whose neighbours all have one other label."""
    labels, groups = shown.explored.labels, shown.groups
    near = [{labels[other] for other in row} for row in groups.neighbours]
    found = [
        index
        for index, (label, others) in enumerate(zip(labels, near, strict=True))
        if label is not None and len(others) == 1 and None not in others and label not in others
    ]
    if not found:
        return None
    said = Paragraph("All of the nearest neighbours have one other label. Each with them behind it.")
    rows = [_with_neighbours(shown, index) for index in found[:_LISTED]]
    return Section(f"Labels to look at: {len(found):,}", [said, *rows])


def _unreadable(shown: Shown) -> Section | None:
    found = shown.explored.unreadable
    if not found:
        return None
    listed = [Paragraph(f"{name}: {why}") for name, why in list(found.items())[:_LISTED]]
    return Section(f"Not readable: {len(found):,}", listed)


def _with_neighbours(shown: Shown, index: int) -> Thumbnails:
    return _thumbnails(shown, (index, *shown.groups.neighbours[index]))


def _thumbnails(shown: Shown, indices: Iterable[int]) -> Thumbnails:
    names = shown.explored.labels
    return Thumbnails([shown.thumbnail(index, names[index] or "") for index in indices])
