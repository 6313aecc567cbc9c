"""Which answers to ask people about, and the page that asks them. `python -m flows.label [WORKLOAD] --n 50`.

state/label/<workload>/questions.db    what is asked, and what became of it; beside the folder of the logs
"""

import argparse
import getpass
import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components import catalogue
from components.config.errors import BadRequest, ConfigError, DataError
from components.config.settings import label_folder, log_folder
from components.kinds.upload import Shown
from components.labelling.label_studio import Told, config, tasks, told
from components.labelling.operations import NONE, source_of
from components.labelling.questions import Question, Questions, Value
from components.labelling.server import label_server
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.prediction_log.record import Label
from components.prediction_log.writer import Writer
from components.registry.version import get_version
from components.system import clock
from components.system.clock import now_us
from components.system.files import write_content
from components.watch.asking import Choice, Chosen, choose_answers
from components.watch.bundles import Bundles
from components.watch.label_index import ROW
from components.watch.labelled import labels_of
from flows import console
from flows.servers import ask_registry

DEFAULT = "garments"
COUNT, DAYS, PORT = 50, 30, 3100
_HOLDER = "imported"


def ask(workload: str, count: int = COUNT, days: int = DAYS, seed: int | None = None) -> str:
    """Choose about which answers to ask, and say so; of those whose label has come the label is taken.

    Args:
        workload: whose.
        count: how many.
        days: of answers that could be asked about.
        seed: by which it is decided; None: another one each time.

    Raises:
        ConfigError: the workload is none, its labels cannot be said by hand, or `count` is below one.
        DataError: nothing was answered.
    """
    section = catalogue.workload(workload)
    if count < 1:
        raise ConfigError(f"--n {count}: at least one label is to be asked for")
    if section.task and not catalogue.is_labelled_by_hand(section.task):
        raise ConfigError(
            f"{workload}: task: {section.task}: nobody can say by looking what is right; POST /labels takes what it was"
        )
    ask_registry()
    compact(log_folder(workload))
    bundles = Bundles(lambda version: get_version(workload, version).bundle())
    log = Log.open(log_folder(workload))
    return choose_questions(log, bundles, label_folder(workload), count, days, section.watch.asked, seed)


def choose_questions(
    log: Log, bundles: Bundles, folder: Path, count: int, days: int, least: float, seed: int | None = None
) -> str:
    """Choose about which answers of a log to ask, put it into `folder`, and say so.

    Args:
        log: of the workload.
        bundles: of its versions.
        folder: of the questions; it need not be there.
        count: how many.
        days: of answers that could be asked about.
        least: `watch.asked`.
        seed: by which it is decided; None: another one each time.
    """
    log = log.standing()
    choice = choose_answers(log, bundles, count, clock.now(), days, least, np.random.default_rng(seed))
    questions = Questions.begin(folder)
    before = set(questions.shares())
    shown, input = catalogue.codec(choice.about.kind, choice.about.task).shown, choice.about.input
    loss = choice.candidates.loss
    expected = [None] * len(choice.candidates.ids) if loss is None else loss.tolist()
    candidates = zip(choice.candidates.ids, choice.probabilities.tolist(), expected, strict=True)
    asked = [_question(each, shown, input) for each in choice.chosen if each.id not in before]
    questions.ask(candidates, asked, choice.about.classes, choice.version)
    taken = _take_known(log, questions)
    return _said(log.description.workload, choice, len(asked), taken, questions, least)


def serve(workload: str, port: int = PORT) -> str:
    """Show the page on this machine until it is interrupted; where nothing is open, choose first what to ask.

    Raises:
        DataError: nothing was answered.
        EndpointError: the port is taken.
    """
    section, folder = catalogue.workload(workload), label_folder(workload)
    try:
        questions = Questions(folder)
    except DataError:
        console.print_report(ask(workload))
        questions = Questions(folder)
    if not questions.counts()["open"]:
        console.print_report(ask(workload))
    log = Log.open(log_folder(workload))
    codec = catalogue.codec(section.kind, log.description.task)
    with closing(Writer.open(log.folder)) as writer:
        server = label_server(
            questions, person(), writer.labelled, lambda value: codec.label(value, questions.classes), port
        )
        console.print_report(
            f"labels for {workload}: http://127.0.0.1:{server.server_address[1]}/label (Ctrl-C ends it)"
        )
        with server:
            server.serve_forever()
    return ""


def export(workload: str, path: Path) -> str:
    """Write the questions as Label Studio takes them, and its configuration beside them."""
    catalogue.workload(workload)
    questions = Questions(label_folder(workload))
    done, classes = list(questions.all()), questions.classes
    made = tasks(done, classes, questions.version)
    write_content(path, json.dumps(made, indent=1) + "\n")
    beside = path.with_suffix(".xml")
    files = (each.question.picture for each in done if each.question.picture)
    write_content(beside, config(classes, next(files, None)))
    return f"{len(made):,} tasks are in {path}; the labelling configuration of the project is {beside}"


def take(workload: str, path: Path) -> str:
    """Take the answers of a file that Label Studio exported as JSON into the log.

    Raises:
        DataError: it is none, or a label is none of the model's; then nothing of it is taken.
    """
    section = catalogue.workload(workload)
    questions, log = Questions(label_folder(workload)), Log.open(log_folder(workload))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    codec, shares = catalogue.codec(section.kind, log.description.task), questions.shares()
    found = []
    for each in told(content, str(path)):
        if each.id not in shares:
            raise DataError(f"{path}: {each.id} is no question of {workload}")
        try:
            value = NONE if each.value is None else codec.label(each.value, questions.classes)
        except BadRequest as error:
            raise DataError(f"{path}: {each.id}: {error}") from error
        if questions.is_open(each.id, _HOLDER):
            found.append((each, value))
    with closing(Writer.open(log.folder)) as writer:
        if found:
            writer.labelled([_label(each, value, shares[each.id]) for each, value in found])
    for each, value in found:
        kept = value if each.what == "label" else None
        questions.settle(each.id, _HOLDER, each.who, each.what, kept, True, each.at_us or now_us())
    return f"{len(found):,} answers of {path} are in the log of {workload}; what was answered before stays as it was"


def _label(told: Told, value: Value, share: float) -> Label:
    return Label(value, now_us(), event_id=told.id, time_us=None, source=source_of(told.who), share=share)


def _question(chosen: Chosen, show: Callable[[Any, Any], Shown] | None, input: Any) -> Question:
    shown: dict[str, Any] = {"record": chosen.record} if chosen.record else {}
    if moved := chosen.answer.get("explanation"):
        shown["explanation"] = moved
    file = show(chosen.example, input).address if show is not None and chosen.record is None else None
    answer = chosen.decided if chosen.decided is not None else chosen.answer.get("value")
    return Question(chosen.id, chosen.time_us, shown, file, answer, chosen.hashes)


def _take_known(log: Log, questions: Questions) -> int:
    """Tell known labels with the probability by which they are asked for now; return how many questions it spares.

    Whoever answered before, or told a label unasked: of the questions their label is the answer.
    """
    shares, done = questions.shares(), {each.question.id: each for each in questions.all()}
    rows = [batch.filter(pc.is_in(batch["id"], pa.array(list(shares)))) for batch in log.answers(columns=ROW)]
    rows = [batch for batch in rows if len(batch)]
    if not rows:
        return 0
    labels = log.labels(of=pa.Table.from_batches(rows))
    again: list[Label] = []
    spared = 0
    for batch in rows:
        for name, place in zip(batch["id"].to_pylist(), labels_of(batch, labels).tolist(), strict=True):
            if place < 0:
                continue
            said, share = labels.slice(place, 1).to_pylist()[0], shares[name]
            value, moment = json.loads(said["value"]), said["time"]
            if said["share"] is None or abs(said["share"] - share) > 1e-12:
                time_us = None if moment is None else round(moment.timestamp() * 1e6)
                again.append(Label(value, now_us(), event_id=name, time_us=time_us, source=said["source"], share=share))
            if done[name].what is None and value != NONE:
                at_us = round(said["recorded"].timestamp() * 1e6)
                spared += questions.settle(name, _HOLDER, said["source"], "label", value, False, at_us)
    if again:
        with closing(Writer.open(log.folder)) as writer:
            writer.labelled(again)
    return spared


def _said(workload: str, choice: Choice, new: int, taken: int, questions: Questions, least: float) -> str:
    rows, counts = len(choice.candidates.ids), questions.counts()
    lines = [
        f"{new:,} of {rows:,} answers of version {choice.version} since {choice.candidates.since} are asked about; "
        f"{counts['open']:,} questions are open",
    ]
    if taken:
        lines.append(f"of {taken:,} of them the label is known: they need no answer")
    smallest = float(choice.probabilities.min())
    if smallest < least * (1 - 1e-9):
        lines.append(
            f"harm of version {choice.version} will be judged without the days of such labels: an answer is asked "
            f"about with probability {smallest:.2g}, and watch.asked is {least:g}; ask about "
            f"{int(np.ceil(least * rows)):,}, about fewer days, or set it lower"
        )
    lines.append(f"the page: make label WORKLOAD={workload}, or GET /label at the endpoint, where it has keys")
    return "\n".join(lines)


def person() -> str:
    """Return what whoever started this is called as the source of labels."""
    try:
        return source_of(getpass.getuser())
    except (KeyError, OSError):  # a container may have no name for its user
        return f"user-{os.getuid()}"


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.label", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose answers ({DEFAULT})")
    parser.add_argument("--n", type=int, default=COUNT, help=f"about how many to ask ({COUNT})")
    parser.add_argument("--days", type=int, default=DAYS, help=f"answers of how many days ({DAYS})")
    parser.add_argument("--seed", type=int, help="by which they are drawn (another one each time)")
    parser.add_argument("--serve", action="store_true", help="show the page that asks, on this machine")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT}; 0: any)")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the questions for Label Studio")
    parser.add_argument("--import", type=Path, dest="take", metavar="FILE", help="take what Label Studio exported")
    return parser.parse_args(given)


def _done(said: argparse.Namespace) -> str:
    if said.export:
        return export(said.workload, said.export)
    if said.take:
        return take(said.workload, said.take)
    return serve(said.workload, said.port) if said.serve else ask(said.workload, said.n, said.days, said.seed)


if __name__ == "__main__":
    console.show(lambda: _done(_arguments()))
