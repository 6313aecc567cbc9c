"""Plays the loop by itself in ten minutes: `make demo`.

A model is put to work in a copy of the project, state/demo; a sort of example begins that it has never seen; and the
loop notices, asks, learns again, tries what it has learnt, and puts it to work, while callers go on asking. Then
somebody tells labels that are wrong. Days pass in seconds. At the end pages are shown until Enter or Ctrl-C.
"""

import argparse
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from components.config.errors import JourneymanError
from components.config.settings import STATE
from demo.pages import shown
from demo.payments import Payments
from demo.play import play
from demo.project import commit, copied
from demo.story import begun

CALM, DAYS = 1, 18
FOLDER = STATE / "demo"
_PATIENCE = 45.0  # seconds that a day takes at least while the loop is at work


class Console:
    """Sentences with the time since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Say it."""
        seconds = int(time.monotonic() - self._began)
        sys.stdout.write(f"{seconds // 60:2d}:{seconds % 60:02d}  {text}\n")
        sys.stdout.flush()


def main() -> None:
    """Play it, show the pages, and end all that was started."""
    parser = argparse.ArgumentParser("python -m demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--no-pages", action="store_true", help="end with the story, and show no pages")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _play(Path.cwd(), not given.no_pages and sys.stdin.isatty())
    except JourneymanError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.stdout.write("\nended; `make demo` begins anew, and state/demo can be deleted\n")
        sys.exit(130)


def _play(root: Path, pages: bool) -> None:
    say = Console()
    work = Payments(begins=CALM, days=DAYS)
    say(f"a copy of this project is made in {FOLDER}, so that nothing of yours is touched")
    project = copied(root, root / FOLDER, work.params)
    work.begin(project.path)
    commit(project)
    say(f"the first version learns from {work.history} days of simulated payments: `python -m flows.train fraud` there")
    with ExitStack() as stack:
        story = stack.enter_context(begun(work, project, say, _PATIENCE))
        play(story, say)
        if pages:
            shown(story, stack, say)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
