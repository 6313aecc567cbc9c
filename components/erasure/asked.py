"""What people are asked about: questions show pictures and records of somebody."""

import shutil
from collections.abc import Collection, Iterator

from components.config.errors import DataError
from components.config.settings import label_folder, log_folder
from components.erasure.subject import Removed
from components.labelling.questions import Questions
from components.prediction_log.identities import buried


def erase_from_questions(name: str, events: Collection[str] = ()) -> Iterator[Removed]:
    """Remove the questions of the workload about what has been erased from its log, the answers `events` among it."""
    folder = label_folder(name)
    if (listed := folder / "suspects").exists():  # whose records those are is not kept: all of them go
        shutil.rmtree(listed)
        yield Removed(str(listed), "lists of labels that are likely wrong", 1)
    try:
        questions = Questions(folder)
    except DataError:
        return
    if count := questions.forget(buried(log_folder(name)), events):
        yield Removed(str(folder), "questions about answers", count)
