"""Lines of code of each kind of data by its parts, and of what kinds share: no docstrings, no blank lines.

    python -m benchmarks.kinds [--quick] [--json FILE]

Docstrings are those of modules, classes and functions, and the strings behind attributes that say what they are.
JavaScript is counted without the comments that begin a line. The figures are those of docs/kinds.md.
"""

import ast
from pathlib import Path
from typing import Any

from benchmarks import harness

FOLDER = harness.ROOT / "components/kinds"


def main() -> None:
    """Count, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="the same: it takes a second")
    options = parser.parse_args()
    harness.finish({"lines": counted(FOLDER)}, report, options.json)


def counted(folder: Path) -> dict[str, dict[str, int]]:
    """Return lines of code by kind and part; those of modules beside the kinds under an empty name."""
    kinds = sorted(path.parent for path in folder.glob("*/codec"))
    found = {kind.name: {part.name: of(part) for part in sorted(kind.iterdir()) if of(part)} for kind in kinds}
    beside = [path for path in sorted(folder.iterdir()) if path not in kinds and of(path)]
    return {**found, "": {path.name: of(path) for path in beside}}


def of(path: Path) -> int:
    """Return the lines of code of a file, or of the files below a folder."""
    if path.is_dir():
        return sum(map(of, (file for file in path.iterdir() if file.name != "__pycache__")))
    text = path.read_text() if path.suffix in (".py", ".js") else ""
    said, comments = (docstring_lines(text), ()) if path.suffix == ".py" else (set[int](), ("/*", "*", "//"))
    lines = enumerate(map(str.strip, text.splitlines()), 1)
    return sum(bool(line) and number not in said and not line.startswith(comments) for number, line in lines)


def docstring_lines(code: str) -> set[int]:
    """Return the numbers of the lines, from 1, that hold nothing but strings that nothing uses."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Expr)]
    said = [node for node in nodes if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)]
    return {line for node in said for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print("| kind | part | lines of code |\n|---|---|---|")
    for kind, parts in figures["lines"].items():
        for part, lines in [*parts.items(), ("**in all**", sum(parts.values()))]:
            print(f"| {kind or 'shared'} | {part} | {lines:,} |")


if __name__ == "__main__":
    main()
