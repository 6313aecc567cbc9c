"""Names that people give to the folders, the files and the rows of a split."""

import re
from collections.abc import Collection

from components.kinds.prepared import Split

_WORDS: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "trn", "trainset", "trainval", "learn", "learning"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "vali", "valset", "dev", "development"), "validation"),
    **dict.fromkeys(("eval", "evaluation", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "testset", "holdout", "heldout", "privatetest"), "test"),
}
_WORD = re.compile(r"[^\W\d_]+")


def exactly(name: str) -> Split | None:
    """Return the split that a name is a word for, and nothing else."""
    return _WORDS.get(name.strip().lower())


def within(name: str) -> Split | None:
    """Return the split that a name has one word for among others, as `seg_train` and `test_set` have."""
    found = {_WORDS[word] for word in _WORD.findall(name.lower()) if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def alike(names: Collection[str]) -> bool:
    """Whether the names are those of splits, and the same but for that: `train_images` and `test_images`."""
    rests = {rest(name) if within(name) else name for name in names}
    return all(within(name) for name in names) and len(rests - {""}) <= 1


def rest(name: str) -> str:
    """Return the words of a name that are not the split's."""
    return "".join(word for word in _WORD.findall(name.lower()) if word not in _WORDS)
