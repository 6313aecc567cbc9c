from pathlib import Path

from benchmarks.kinds import counted

CODE = '''"""What it is,
in two lines."""

X = 1
"""What X is."""


def one() -> str:
    """Return one."""
    text = """
    lines of a text that is used

    """
    return text  # why
'''


def test_docstrings_and_blank_lines_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "sound/codec").mkdir(parents=True)
    (tmp_path / "sound/codec/__init__.py").write_text(CODE)
    (tmp_path / "sound/source.py").write_text('"""Nothing."""\n')
    (tmp_path / "shared.py").write_text("X = 1\n")
    (tmp_path / "sound/codec.js").write_text("/* what it is\n * in two lines */\n\n// so\nconst x = 1; // one\n")
    assert counted(tmp_path) == {"sound": {"codec": 6, "codec.js": 1}, "": {"shared.py": 1}}
