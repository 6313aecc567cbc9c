"""Tables that tell what a run came to: for the console, and as Markdown."""

import io

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def table(title: str, columns: list[str], rows: list[list[str]]) -> str:
    """Return the table as it stands on a console."""
    made = Table(title=escape(title) or None, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")  # a path that is long goes on in the next line
    for row in rows:
        made.add_row(*map(escape, row))  # a name of the user's may hold brackets, which rich takes for markup
    console = Console(width=110, file=io.StringIO())
    with console.capture() as captured:
        console.print(made)
    return captured.get()


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """Return the table as Markdown."""
    lines = [columns, ["---"] * len(columns), *(list(map(_cell, row)) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
