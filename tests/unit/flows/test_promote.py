import pytest

from flows.promote import _arguments
from flows.promote_page import PORT


def test_a_version_needs_a_reason_and_the_page_asks_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    said = _arguments(["garments", "3", "--reason", "it knows more"])
    assert (said.version, said.reason, said.serve) == ("3", "it knows more", False)
    assert (_arguments(["garments", "--serve"]).port, PORT) == (3200, 3200)
    for wrong, line in {
        ("garments", "3"): "a version and --reason are needed",
        ("garments", "--reason", "x"): "a version and --reason are needed",
        ("garments", "3", "--serve"): "--serve asks for version and reason on its page",
    }.items():
        with pytest.raises(SystemExit):
            _arguments(wrong)
        assert line in capsys.readouterr().err
