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
    place = _HEADER + _colours(data[10])
    kept = [data[:place]]
    control = b""
    while place < len(data):
        if data[place] == _PICTURE:
            begin = place + 10 + _colours(data[place + 9])
            end = _chain(data, begin + 1)
            return b"".join([*kept, control, data[place:end], b";"])
        if data[place] != _EXTENSION:
            break
        end = _chain(data, place + 2)
        if data[place + 1] == _CONTROL:
            control = data[place:end]
        place = end
    raise ValueError("no picture in the GIF file")


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _chain(data: bytes, place: int) -> int:
    """Return where the chain of blocks ends that begins at `place`."""
    while place < len(data):
        size = data[place]
        place += size + 1
        if size == 0:
            return place
    raise ValueError("the GIF file is cut off")
