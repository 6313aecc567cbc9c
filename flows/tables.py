"""Tables that tell what a run came to: for the console, and as Markdown."""

import io

from rich.console import Console
from rich.table import Table


def table(title: str, columns: list[str], rows: list[list[str]]) -> str:
    """Return the table as it stands on a console."""
    made = Table(*columns, title=title, title_justify="left")
    for row in rows:
        made.add_row(*row)
    console = Console(width=110, file=io.StringIO())
    with console.capture() as captured:
        console.print(made)
    return captured.get()


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """Return the table as Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
