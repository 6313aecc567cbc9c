"""The icon of the page as pictures, for telephones: `icon.svg` of the gateway's page, drawn at a size."""

import io

from PIL import Image, ImageDraw

SIZES = (192, 512)
_SIDE = 32  # of the drawing
_GROUND = (0x2F, 0x6F, 0x62)
_BARS = ((7, 8, 18, 1.0), (7, 14, 11, 0.75), (7, 20, 6, 0.5))
"""Left, top, width and how much of white; each is 4 high."""


def icon(size: int) -> bytes:
    """Return the icon as a PNG file of so many pixels a side; the ground fills it, a telephone cuts its own shape."""
    by = size / _SIDE
    picture = Image.new("RGB", (size, size), _GROUND)
    draw = ImageDraw.Draw(picture)
    for left, top, width, white in _BARS:
        red, green, blue = (round(level + (255 - level) * white) for level in _GROUND)
        box = [round(edge * by) for edge in (left, top, left + width, top + 4)]
        draw.rounded_rectangle(box, radius=round(2 * by), fill=(red, green, blue))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
