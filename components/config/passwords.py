"""Passwords in addresses: put in so that the address is read as it is meant, left out where it is shown."""

import re
from urllib.parse import quote

HIDDEN = "***"
_OF_AN_ADDRESS = re.compile(r"(://[^/@:\s]*):\S*@")
_ALONE = re.compile(r"^([\w+.-]+://[^/@:\s]*):(?!.*://).*@")
"""Where nothing else is said, whatever stands before the last `@`."""
_WITHOUT_SLASHES = re.compile(r"^(?![^@]*://)([^@:\s]*):\S*@")
"""As `postgresql:user:password@host`, which is no address."""
_KEYS = r"(?:password|passwd|pwd|secret|token|api_?key)"
_OF_A_QUERY = re.compile(rf"([?&;][^=&;?\s]*{_KEYS}[^=&;?\s]*=)[^&;\s]*", re.IGNORECASE)
_TO_QUOTE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9%._~!$&'()*+,;=-]")


def without_password(text: str) -> str:
    """Return an address, or words with one in them, as they may be shown: rather too little of it than a password."""
    for pattern in (_ALONE, _OF_AN_ADDRESS, _WITHOUT_SLASHES):
        text = pattern.sub(rf"\1:{HIDDEN}@", text)
    return _OF_A_QUERY.sub(rf"\1{HIDDEN}", text)


def quoted(password: str) -> str:
    """Return a password as it stands before the `@` of an address (RFC 3986, 3.2.1); what is quoted already stays."""
    return _TO_QUOTE.sub(lambda found: quote(found[0], safe=""), password)
