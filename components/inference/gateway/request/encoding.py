"""Bodies that come compressed: what `Content-Encoding` says is undone, as far as the limit of a body allows."""

import sys
import zlib
from collections.abc import Callable
from typing import Any

from components.inference.gateway.request.body import refused, too_large

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}
"""8 MiB: what a sender of zstd over HTTP may have its reader keep (RFC 9659)."""
_NEW: dict[bytes, Callable[[], Any]] = {
    b"gzip": lambda: zlib.decompressobj(31),  # with gzip's own head and end
    b"x-gzip": lambda: zlib.decompressobj(31),
    b"deflate": lambda: zlib.decompressobj(15),  # with zlib's
    b"zstd": lambda: zstd.ZstdDecompressor(options=_WINDOW),
}
"""What undoes it: `decompress(data, most)` and `eof`."""


def plain(body: bytes, encoding: bytes, limit: int) -> bytes:
    """Return the body as it was before it was compressed.

    Raises:
        Refused: it is compressed in another way, or damaged, or larger than `limit` bytes.
    """
    named = encoding.strip().lower()
    if named in (b"", b"identity"):
        return body
    if named not in _NEW:
        said = named.decode("latin-1")[:60]
        raise refused(415, f"a body with Content-Encoding: {said} is not read; send it as it is, or with gzip or zstd")
    unpacking = _NEW[named]()
    try:
        content: bytes = unpacking.decompress(body, limit + 1)
    except (zlib.error, zstd.ZstdError) as error:
        raise refused(400, f"the body is not what Content-Encoding: {named.decode()} says") from error
    if len(content) > limit:
        raise too_large(limit, end=False)
    if not unpacking.eof:
        raise refused(400, f"the body ends in the middle of its {named.decode()} data")
    return content
