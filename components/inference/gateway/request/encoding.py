"""Bodies that come compressed: what `Content-Encoding` says is undone, as far as the limit of a body allows."""

import zlib

from components.inference.gateway.request.body import refused, too_large

_WINDOWS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}  # zlib's `wbits`: gzip's head and end, or zlib's own


def plain(body: bytes, encoding: bytes, limit: int) -> bytes:
    """Return the body as it was before it was compressed.

    Raises:
        Refused: it is compressed in another way, or damaged, or larger than `limit` bytes.
    """
    named = encoding.strip().lower()
    if named in (b"", b"identity"):
        return body
    if named not in _WINDOWS:
        said = named.decode("latin-1")[:60]
        raise refused(415, f"a body with Content-Encoding: {said} is not read; send it as it is, or with gzip")
    unpacking = zlib.decompressobj(_WINDOWS[named])
    try:
        content = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise refused(400, f"the body is not what Content-Encoding: {named.decode()} says") from error
    if len(content) > limit:
        raise too_large(limit, end=False)
    if not unpacking.eof:
        raise refused(400, f"the body ends in the middle of its {named.decode()} data")
    return content
