"""What `flows.watch` showed: examples of what is strange are records of somebody."""

from collections.abc import Iterator

from components.config.settings import watch_folder
from components.erasure.subject import Removed

SHOWING = ("index.html", "report.json")
"""Files of a watch that show records, or name answers."""


def erase_from_watch(name: str) -> Iterator[Removed]:
    """Remove the pages and reports of all watches of the workload; the next watch makes them anew."""
    folder = watch_folder(name)
    shown = [path for file in SHOWING for path in sorted(folder.rglob(file))]
    for path in shown:
        path.unlink(missing_ok=True)
    if shown:
        yield Removed(str(folder), "pages and reports of watches, which the next one makes anew", len(shown))
