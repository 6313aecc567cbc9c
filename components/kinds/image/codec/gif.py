"""The first picture of a GIF file, alone.

An animation has many, and Pillow reads comments at a cost that the sender of the file decides. A GIF89a file is a
screen descriptor, a table of colours, then blocks; each is a chain of up to 255 bytes.
"""

_EXTENSION, _PICTURE = 0x21, 0x2C
_CONTROL = 0xF9  # says which colour is transparent
_HEADER = 13


def first_picture(data: bytes) -> bytes:
    """Return the GIF file with its first picture, and what says how it is shown, alone.

    Raises:
        ValueError: there is no picture, or it is not whole.
    """
    offset = _HEADER + _colours(data[10])
    kept = [data[:offset]]
    control = b""
    while offset < len(data):
        if data[offset] == _PICTURE:
            begin = offset + 10 + _colours(data[offset + 9])
            end = _chain(data, begin + 1)
            return b"".join([*kept, control, data[offset:end], b";"])
        if data[offset] != _EXTENSION:
            break
        end = _chain(data, offset + 2)
        if data[offset + 1] == _CONTROL:
            control = data[offset:end]
        offset = end
    raise ValueError("no picture in the GIF file")


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _chain(data: bytes, offset: int) -> int:
    """Return where the chain of blocks ends that begins at `offset`."""
    while offset < len(data):
        size = data[offset]
        offset += size + 1
        if size == 0:
            return offset
    raise ValueError("the GIF file is cut off")
