"""What a file is, by its content, whether it can be read or not: so that a refusal can name it.

Only where many formats have one content is the suffix asked: cameras' raw files are TIFF files, whose first picture is
a thumbnail.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePath
from typing import Literal

HEAD = 1_024
"""Bytes from a file's beginning that are looked at."""

Sort = Literal["picture", "media", "archive", "text"]
"""`picture`: somebody's picture, in whatever format. The others are none."""


@dataclass(frozen=True)
class FileFormat:
    """What a file is."""

    name: str
    """As the codec calls it, if the codec reads it."""
    sort: Sort
    advice: str
    """What its owner can do, where it is not read."""


_CONVERT = "convert to PNG or JPEG"
_CUT = "cut pictures out of it"
_EXPORT = "export to PNG"
_UNPACK = "unpack it"
_RAWS = "cr2 cr3 crw nef nrw arw srf sr2 dng orf rw2 raf pef srw x3f 3fr iiq erf mrw dcr kdc mef mos rwl raw"
_RAW = {
    f".{name}": FileFormat(name.upper(), "picture", "a camera's raw file: develop it to JPEG or PNG")
    for name in _RAWS.split()
}
_BY_SUFFIX = {
    **_RAW,
    ".tga": FileFormat("TGA", "picture", _CONVERT),
    ".pcx": FileFormat("PCX", "picture", _CONVERT),
    ".svg": FileFormat("SVG", "picture", "a drawing: render it to PNG"),
    ".svgz": FileFormat("SVG", "picture", "a drawing: render it to PNG"),
    ".dcm": FileFormat("DICOM", "picture", "export to 16-bit PNG or TIFF"),
    ".dicom": FileFormat("DICOM", "picture", "export to 16-bit PNG or TIFF"),
    ".nii": FileFormat("NIfTI", "picture", "export slices to 16-bit PNG or TIFF"),
    ".mat": FileFormat("MATLAB", "media", "save each picture as PNG"),
    ".npy": FileFormat("NumPy", "media", "save each picture as PNG"),
    ".mpg": FileFormat("MPEG video", "media", _CUT),
    ".mpeg": FileFormat("MPEG video", "media", _CUT),
    ".tfrecord": FileFormat("TFRecord", "media", "save each picture as PNG or JPEG"),
}
_HEIC = FileFormat("HEIC", "picture", "pip install pillow-heif, then run again; or convert to JPEG")
_BRANDS = {
    b"avif": FileFormat("AVIF", "picture", _CONVERT),
    b"avis": FileFormat("AVIF", "picture", _CONVERT),
    b"crx ": _RAW[".cr3"],
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), _HEIC),
}
_SIGNED: tuple[tuple[bytes, FileFormat], ...] = (
    (rb"\x89PNG\r\n\x1a\n", FileFormat("PNG", "picture", "")),
    (rb"\xff\xd8\xff", FileFormat("JPEG", "picture", "")),
    (rb"RIFF....WEBP", FileFormat("WEBP", "picture", "")),
    (rb"GIF8[79]a", FileFormat("GIF", "picture", "")),
    (rb"BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", FileFormat("BMP", "picture", "")),
    (rb"(II|MM).*", FileFormat("", "picture", "")),  # see `_tiff`
    (rb"P[1-6]\s+(#[^\n]*\n\s*)*\d+\s", FileFormat("PPM", "picture", "")),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", FileFormat("JPEG2000", "picture", _CONVERT)),
    (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", FileFormat("JPEG XL", "picture", _CONVERT)),
    (rb"8BPS", FileFormat("PSD", "picture", _EXPORT)),
    (rb"\x76\x2f\x31\x01", FileFormat("OpenEXR", "picture", "export to 16-bit PNG or TIFF")),
    (rb"SIMPLE  =", FileFormat("FITS", "picture", "export to 16-bit PNG or TIFF")),
    (rb"qoif", FileFormat("QOI", "picture", _CONVERT)),
    (rb"gimp xcf", FileFormat("XCF", "picture", _EXPORT)),
    (rb"AT&TFORM", FileFormat("DjVu", "picture", _CONVERT)),
    (rb"\0\0[\x01\x02]\0[^\0]\0", FileFormat("ICO", "picture", _CONVERT)),
    (rb"FUJIFILMCCD-RAW", _RAW[".raf"]),
    (rb".{128}DICM", _BY_SUFFIX[".dcm"]),
    (rb"version https://git-lfs", FileFormat("Git LFS pointer", "picture", "fetch the files: git lfs pull")),
    (
        rb"\s*(\xef\xbb\xbf)?<!doctype html|\s*<html",
        FileFormat("web page", "picture", "its download failed: fetch it again"),
    ),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", _BY_SUFFIX[".svg"]),
    (rb"%!PS", FileFormat("PostScript", "picture", _CONVERT)),
    (rb"%PDF", FileFormat("PDF", "media", "save its pages as PNG")),
    (rb"\x93NUMPY", _BY_SUFFIX[".npy"]),
    (rb"\x89HDF\r\n", FileFormat("HDF5", "media", "save each picture as PNG")),
    (rb"PAR1", FileFormat("Parquet", "media", "save each picture as a file")),
    (rb"RIFF....AVI |\x1a\x45\xdf\xa3|\0\0\x01[\xba\xb3]|FLV|....ftyp", FileFormat("video", "media", _CUT)),
    (rb"PK\x03\x04", FileFormat("zip archive", "archive", _UNPACK)),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd|.{257}ustar", FileFormat("archive", "archive", _UNPACK)),
)
_PATTERNS = [(re.compile(pattern, re.DOTALL | re.IGNORECASE), format) for pattern, format in _SIGNED]


def recognise(head: bytes, name: str = "") -> FileFormat | None:
    """Return what a file is that begins with `head`; None: none of what is known, or empty.

    Args:
        head: the first bytes of it, `HEAD` or more.
        name: of the file, if there is one.
    """
    by_name = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if by_name and head:
        return by_name
    head = head[:HEAD]
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _container(head)
    for pattern, format in _PATTERNS:
        if pattern.match(head) and (found := format if format.name else _tiff(head)):
            return found
    return None


def reads_heic() -> bool:
    """Whether the package that reads HEIC is installed: pillow-heif."""
    return find_spec("pillow_heif") is not None


def _container(head: bytes) -> FileFormat:
    """Return what a file of ISO's base format is by its brands; the first is often a general one."""
    size = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[offset : offset + 4] for offset in range(16, size - 3, 4))]
    return _BRANDS[b"avif"] if b"avif" in brands else _BRANDS[head[8:12]]


def _tiff(head: bytes) -> FileFormat | None:
    if head[:4] in (b"IIU\0", b"IIRO", b"IIRS", b"MMOR"):
        return _RAW[".rw2" if head[2:3] == b"U" else ".orf"]
    if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    return _RAW[".cr2"] if head[8:10] == b"CR" else FileFormat("TIFF", "picture", "")
