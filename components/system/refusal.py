"""Why an object store takes nothing, and what to do, by what its clients raise."""

import re
from collections.abc import Iterator

_SAID = {
    r"RequestTimeTooSkewed|RequestExpired|request time.*too large": (
        "refuses requests of this machine, whose clock is wrong: set the clock"
    ),
    r"NoCredentials|Unable to locate credentials|credentials.*not.*found": (
        "is asked without credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    ),
    r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|access key.*not exist": (
        "does not know these credentials: see to AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    ),
    r"PermissionError|AccessDenied|Access Denied|Forbidden": (
        "must not be written with these credentials: have the rights to read, write and list there granted to them"
    ),
    r"NoSuchBucket|FileNotFoundError|bucket does not exist": "has no such bucket: make it, or mend the address",
}
"""What is told of an error whose class, code or words match the pattern; the first counts."""


def refusal(error: BaseException | None) -> str:
    """Return what is wrong and what to do; nothing: it is not known."""
    words = " ".join(_words(error))
    return next((told for pattern, told in _SAID.items() if re.search(pattern, words, re.IGNORECASE)), "")


def _words(error: BaseException | None) -> Iterator[str]:
    """Yield class and words of the error, then those of its causes."""
    while error is not None:
        yield f"{type(error).__name__} {error}"
        error = error.__cause__ or error.__context__
