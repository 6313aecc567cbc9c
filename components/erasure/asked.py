"""What people are asked about: questions show pictures and records of somebody."""

import shutil
from collections.abc import Iterator

from components.config.errors import DataError
from components.config.settings import label_folder, log_folder
from components.erasure.subject import Removed
from components.labelling.questions import Questions
from components.prediction_log.identities import buried


def erase_from_questions(name: str) -> Iterator[Removed]:
    """Remove the questions of the workload about what has been erased from its log."""
    folder = label_folder(name)
    if (listed := folder / "suspects").exists():  # whose records those are is not kept: all of them go
        shutil.rmtree(listed)
        yield Removed(str(listed), "lists of labels that are likely wrong", 1)
    try:
        questions = Questions(folder)
    except DataError:
        return
    if count := questions.forget(buried(log_folder(name))):
        yield Removed(str(folder), "questions about answers", count)
