"""What a file was that a caller sent, of which an example has only what the model takes of it; and one made of that."""

import base64
from typing import NamedTuple


class Upload(NamedTuple):
    """A picture's file."""

    format: str
    """As the codec calls it; empty: none that it knows."""
    width: int | None
    """Pixels, as they lie in the file; None: its head does not say it in a place that is looked at."""
    height: int | None
    size: int
    """Bytes of it."""

    def json(self) -> bytes:
        """Return it as the prediction log has it."""
        width, height = ("null" if side is None else side for side in (self.width, self.height))
        return f'{{"format":"{self.format}","width":{width},"height":{height},"bytes":{self.size}}}'.encode()


class Shown(NamedTuple):
    """An example as a file, for a person to see or hear."""

    media: str
    """As `image/png`."""
    content: bytes

    @property
    def address(self) -> str:
        """Return it as an address that holds all of it (RFC 2397)."""
        return f"data:{self.media};base64,{base64.b64encode(self.content).decode()}"
