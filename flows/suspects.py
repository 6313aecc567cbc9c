"""Labels that are likely wrong, looked through by people, put right. `python -m flows.suspects [WORKLOAD] [--serve]`.

state/label/<workload>/suspects/suspects.csv    the list, the most suspicious first
state/label/<workload>/suspects/questions.db    what people said of it
data/corrections/<workload>.csv                 what came of it, for `prepare.corrections`
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from components import catalogue
from components.config.errors import DataError
from components.config.params import Workload
from components.config.settings import CORRECTIONS, artifacts, label_folder
from components.kinds.corrections import as_csv as corrections_csv
from components.kinds.corrections import read_corrections
from components.kinds.prepared import open_prepared
from components.labelling.questions import Questions
from components.labelling.server import label_server
from components.prediction_log.record import Label
from components.relabelling.answers import corrections, questions
from components.relabelling.suspects import Found, Suspect, as_csv, find_suspects
from components.system.files import write_content
from flows import console
from flows.label import PORT, person
from flows.tables import table

DEFAULT = "garments"
SHOWN = 10
COLUMNS = ["record", "split", "label", "likely", "probability of the label"]


def suspects(name: str) -> str:
    """Find the labels of the prepared data that are likely wrong, write the list, and say so.

    Raises:
        ConfigError: there is no such workload, or it learns no classes from labels.
        DataError: it is not prepared.
    """
    asked = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
    found = find_suspects(name, catalogue.decided(asked, data), data)
    folder = suspects_folder(name)
    show = catalogue.codec(data.kind, data.task).shown
    made = Questions.begin(folder)
    made.ask(
        ((each.name, 1.0, None) for each in found.suspects),
        questions(found.suspects, data, show),
        data.classes,
        "the list of suspects",
    )
    made.retain([each.name for each in found.suspects])
    write_content(folder / "suspects.csv", as_csv(found))
    return _said(name, found, folder / "suspects.csv")


def serve(name: str, port: int = PORT) -> str:
    """Show the list on the label page until it is interrupted; what is answered then is written as corrections.

    Raises:
        EndpointError: the port is taken.
    """
    section, folder = catalogue.workload(name), suspects_folder(name)
    try:
        asked = Questions(folder)
    except DataError:
        console.print_report(suspects(name))
        asked = Questions(folder)
    codec = catalogue.codec(section.kind, open_prepared(artifacts(name, "prepared")).task)
    server = label_server(asked, person(), _no_log, lambda value: codec.label(value, asked.classes), port)
    console.print_report(
        f"labels of {name} that are likely wrong: http://127.0.0.1:{server.server_address[1]}/label (Ctrl-C ends it)"
    )
    try:
        with server:
            server.serve_forever()
    except KeyboardInterrupt:
        pass
    return correct(name)


def correct(name: str) -> str:
    """Write what was answered into the workload's file of corrections, and say so.

    Raises:
        DataError: nothing was looked for yet.
    """
    workload = catalogue.workload(name)
    path = _file(name, workload)
    before = read_corrections(path) if path.exists() else []
    found = corrections(Questions(suspects_folder(name)).all(), before)
    if found == before:
        return f"{path}: no label is to be put right that is not there already"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_content(path, corrections_csv(found))
    named = getattr(workload.prepare, "corrections", None) is not None
    then = (
        "dvc repro" if named else f"write prepare: {{corrections: {path}}} into its section of params.yaml; dvc repro"
    )
    return f"{len(found):,} labels are put right by {path}: {then}"


def suspects_folder(name: str) -> Path:
    """Return the folder of the list and of what was said of it."""
    return label_folder(name) / "suspects"


def _file(name: str, workload: Workload) -> Path:
    return Path(getattr(workload.prepare, "corrections", None) or CORRECTIONS / f"{name}.csv")


def _no_log(labels: Sequence[Label]) -> None:
    """Take no label into the prediction log: nothing of this was answered at work."""


def _said(name: str, found: Found, path: Path) -> str:
    count = len(found.suspects)
    lines = [
        f"of {found.examples:,} labels {count:,} are likely wrong, by the probabilities of {found.said}; "
        f"about {found.wrong:,.0f} are estimated to be",
        f"all of them: {path}",
        f"look through them: python -m flows.suspects {name} --serve",
    ]
    if not count:
        return lines[0]
    return table(name, COLUMNS, [_row(each) for each in found.suspects[:SHOWN]]) + "\n".join(lines)


def _row(suspect: Suspect) -> list[str]:
    return [suspect.name, suspect.split, suspect.given, suspect.likely, f"{suspect.confidence:.4f}"]


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.suspects", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose labels ({DEFAULT})")
    parser.add_argument("--serve", action="store_true", help="show them on the label page, on this machine")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT}; 0: any)")
    parser.add_argument("--corrections", action="store_true", help="write what was answered as corrections")
    return parser.parse_args(given)


def _done(said: argparse.Namespace) -> str:
    if said.corrections:
        return correct(said.workload)
    return serve(said.workload, said.port) if said.serve else suspects(said.workload)


if __name__ == "__main__":
    console.show(lambda: _done(_arguments()))
