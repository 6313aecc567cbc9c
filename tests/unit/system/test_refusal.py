import pytest

from components.system.refusal import refusal


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError("The specified bucket does not exist"), "has no such bucket"),
        (PermissionError("Access Denied"), "must not be written with these credentials"),
        (
            caused(PermissionError("Forbidden"), OSError("(InvalidAccessKeyId) ... not exist")),
            "does not know these cred",
        ),
        (caused(PermissionError("Forbidden"), OSError("(RequestTimeTooSkewed)")), "whose clock is wrong"),
        (caused(OSError("x"), ValueError("Unable to locate credentials")), "is asked without credentials"),
        (OSError("something else"), ""),
    ],
)
def test_why_a_store_takes_nothing_is_told(error: Exception, told: str) -> None:
    found = refusal(error)
    assert told in found
    assert bool(told) == bool(found)
