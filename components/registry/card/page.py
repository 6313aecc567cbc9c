"""The card as a page: one file that asks no other address and needs no script, to read, to print, to send."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from components.registry.card.blocks import Block, Command, Drawing, Items, Pairs, Part, Picture, Table, Words
from components.registry.card.parts import headline, parts

_LONG = 12  # rows of a table from which on it is folded
_NUMBERS = frozenset("0123456789.+-%,")


def page(card: Mapping[str, Any], figures: Mapping[str, bytes]) -> str:
    """Return `card` as HTML.

    Args:
        card: what `contents.card_contents` tells.
        figures: what the evaluation drew, PNG by name.
    """
    style = Path(__file__).with_name("card.css").read_text()
    title = escape(f"{card['name']} {card['version']}")
    body = "\n".join(_part(part) for part in parts(card, figures))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · model card</title>
<style>{style}</style>
</head>
<body>
<header>
<p class="over">Model card</p>
<h1>{title}</h1>
<p>{escape(card.get("description", ""))}</p>
{_first(headline(card))}
</header>
<main>
{body}
</main>
</body>
</html>
"""


def _part(part: Part) -> str:
    blocks = "\n".join(_block(block) for block in part.blocks)
    return f"<section>\n<h2>{escape(part.title)}</h2>\n{blocks}\n</section>"


def _block(block: Block) -> str:
    match block:
        case Words(text):
            return f"<p>{escape(text)}</p>"
        case Items(items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Pairs(rows):
            return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in rows)}</dl>"
        case Table():
            return _folded(block)
        case Command(text):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Picture(caption, png):
            source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            said = escape(caption)
            return f'<figure><img alt="{said}" src="{source}"><figcaption>{said}</figcaption></figure>'
        case Drawing(svg):
            return f"<figure>{svg}</figure>"


def _first(rows: Sequence[tuple[str, str, str]]) -> str:
    made = [
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd><dd>{escape(note)}</dd></div>"
        for label, value, note in rows
    ]
    return f'<dl class="first">{"".join(made)}</dl>' if rows else ""


def _folded(table: Table) -> str:
    if len(table.rows) < _LONG and not table.drawn:
        return _table(table)
    summary = escape(table.caption or "All of it")
    return f"<details><summary>{summary} ({len(table.rows)} rows)</summary>{_table(table)}</details>"


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(f"<tr>{_row(row)}</tr>" for row in table.rows)
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return f'<th scope="row">{escape(first)}</th>' + "".join(_cell(cell) for cell in others)


def _cell(text: str) -> str:
    kind = ' class="number"' if text and set(text) <= _NUMBERS else ' class="no"' if text == "NO" else ""
    return f"<td{kind}>{escape(text)}</td>"
