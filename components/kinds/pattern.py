"""Patterns of names: `{label}_*` says where in a file's name its label stands, `{group}_*` its group.

In a pattern `*` stands for anything, `#` for digits, and what is in braces is as short as it can be. With a `/` in it
the pattern is held against the path below the source, else against the name of the file; its suffix may be left out.
What has `(?P<label>` in it is a regular expression, searched for in the path.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from components.config.errors import ConfigError

Find = Callable[[str], str | None]

_PARTS = {"*": ".*", "#": r"\d+", "?": "."}
_CANDIDATES = (
    "{label}.*", "{label}_#", "{label}-#", "{label} (#)", "{label} #", "{label}#", "{label}_*", "{label}-*",
    "{label} *", "*_{label}", "*-{label}", "*.{label}", "#{label}", "#_{label}_*", "*_{label}_*",
)  # fmt: skip
_ENDS = re.compile(r"\.[A-Za-z]{3,5}$")  # a pattern that says the suffix
_LEAST = 0.95  # part of the names that a pattern must fit to be proposed
_MOST_SHOWN = 5


def is_pattern(text: str, name: str) -> bool:
    """Whether it is a pattern with the part `name`."""
    return f"{{{name}}}" in text or f"(?P<{name}>" in text


def finder(pattern: str, name: str, key: str) -> Find:
    """Return what finds the part `name` in a file's path below the source; None: the pattern does not fit.

    Raises:
        ConfigError: it is no regular expression; `key` is where it stands.
    """
    try:
        expression = re.compile(pattern) if f"(?P<{name}>" in pattern else _compiled(pattern, name)
    except re.error as error:
        raise ConfigError(f"{key}: {pattern!r} is no regular expression: {error}") from error
    if f"(?P<{name}>" in pattern:
        return lambda path: _part(expression.search(path), name)
    whole_path, with_suffix = "/" in pattern, _ENDS.search(pattern) is not None

    def find(path: str) -> str | None:
        subject = path if whole_path else path.rpartition("/")[2]
        return _part(expression.fullmatch(subject if with_suffix else _stem(subject)), name)

    return find


def _part(found: re.Match[str] | None, name: str) -> str | None:
    return (found[name].strip() or None) if found else None


def _stem(path: str) -> str:
    before, dot, suffix = path.rpartition(".")
    return before if dot and before and "/" not in suffix else path


@dataclass(frozen=True)
class Proposal:
    """A pattern that fits the names, and the labels it finds."""

    pattern: str
    labels: Counter[str]

    def __str__(self) -> str:
        shown = ", ".join(f"{label} ({count:,})" for label, count in self.labels.most_common(_MOST_SHOWN))
        more = f" and {len(self.labels) - _MOST_SHOWN} more" if len(self.labels) > _MOST_SHOWN else ""
        return f'prepare.labels: "{self.pattern}" finds {shown}{more}'


def propose(paths: Sequence[str]) -> list[Proposal]:
    """Return patterns by which the names may say labels, the likeliest first; none with the same labels twice."""
    found: list[Proposal] = []
    for pattern in _CANDIDATES:
        find = finder(pattern, "label", "")
        labels = Counter(label for path in paths if (label := find(path)) and not label.isdigit())
        if _may_be_labels(labels, len(paths)) and all(labels != other.labels for other in found):
            found.append(Proposal(pattern, labels))
    return sorted(found, key=lambda proposal: len(proposal.labels))[:2]


def _may_be_labels(labels: Counter[str], count: int) -> bool:
    if any(label.strip("_-. ") != label for label in labels):
        return False
    several = sum(number for number in labels.values() if number > 1)
    return (
        2 <= len(labels) <= max(2, count // 3) and several >= _LEAST * count and sum(labels.values()) >= _LEAST * count
    )


def _compiled(pattern: str, name: str) -> re.Pattern[str]:
    pieces: Iterable[str] = re.split(r"(\{\w+\}|[*#?])", pattern)
    return re.compile("".join(_piece(piece, name) for piece in pieces), re.DOTALL)


def _piece(piece: str, name: str) -> str:
    if piece == f"{{{name}}}":
        return f"(?P<{name}>.+?)"
    if piece.startswith("{") and piece.endswith("}"):
        return ".+?"
    return _PARTS.get(piece) or re.escape(piece)
