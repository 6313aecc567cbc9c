"""What MkDocs does for the site beyond the pages of docs/: it takes in those that stand at the top of the project.

A link that leads out of docs/ leads to such a page where there is one, and else is shown as its text: the site holds
no code. GitHub shows the same files as they are.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
TOP = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages at the top of the project, and what each is called in the site."""

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages at the top (MkDocs' hook)."""
    for name, page in TOP.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Have the page's links lead to pages of the site (MkDocs' hook)."""
    return relinked(markdown, page.file.src_path)


def relinked(markdown: str, page: str) -> str:
    """Return the text of a page of the site with its links as the site needs them; code is left alone."""
    folder = ROOT if page in TOP.values() else ROOT / "docs"
    start, parts = 0, []
    for block in _CODE.finditer(markdown):
        parts += [_linked(markdown[start : block.start()], folder), block[0]]
        start = block.end()
    return "".join([*parts, _linked(markdown[start:], folder)])


def _linked(text: str, folder: Path) -> str:
    return _LINK.sub(lambda found: _link(found, folder), text)


def _link(found: re.Match[str], folder: Path) -> str:
    mark, label, target = found.groups()
    if re.match(r"[a-z]+:|#", target):
        return found[0]
    path, _, anchor = target.partition("#")
    page = _page((folder / path).resolve())
    return f"{mark}[{label}]({page}{'#' if anchor else ''}{anchor})" if page else label


def _page(path: Path) -> str | None:
    """Return the file's address from a page of the site; None: the site does not have it."""
    name = path.relative_to(ROOT).as_posix()
    if name in TOP:
        return TOP[name]
    return name.removeprefix("docs/") if name.startswith("docs/") and path.suffix != ".py" else None
