"""A host's pictures: what one is, whether it is safe and small enough, and in which sizes a page gets it.

Reads headers and decodes nothing: that is `darkroom`. Reads no text and knows no property.
"""

import hashlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from generator.files.shapes import DRAWN, FORMATS, Picture
from generator.files.svg import Drawing, inspect
from guestlink.errors import ContentError

LARGEST_FILE: Final = 20_000_000  # bytes
LARGEST_DRAWING: Final = 1_000_000  # bytes
MOST_PIXELS: Final = 50_000_000
WIDTHS: Final = (480, 800, 1200, 1600)  # pixels; 1600 is a phone's screen at three pixels a point, and more
TALLEST: Final = 16_383  # WebP's limit
TURNED: Final = frozenset(range(5, 9))  # EXIF orientations that lie on their side

_RECIPE: Final = b"avif 50 speed 6, webp 78 method 4 2\n"  # part of every address: raise it with the code
_NEAR: Final = 0.85  # a width this close to the widest saves nobody a second
_PLUGINS: Final[Mapping[bytes, Callable[[BytesIO], ImageFile.ImageFile]]] = {
    b"\x89PNG": PngImageFile,
    b"\xff\xd8": jpeg_factory,
    b"RIFF": WebPImageFile,
}
_OTHERS: Final[Mapping[bytes, str]] = {  # ISO/IEC 14496-12: the brand stands behind the length and `ftyp`
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}
_MAGIC: Final[Mapping[bytes, str]] = {b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"BM": "BMP"}
_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
_AS_JPEG: Final = "Save it as JPEG."
BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError)


def look_at(path: Path, name: str) -> tuple[Picture, str]:
    """The picture in a file, and the words drawn in it. Decodes nothing; ContentError says what is wrong."""
    drawn = path.suffix.casefold() == ".svg"
    size, most = path.stat().st_size, LARGEST_DRAWING if drawn else LARGEST_FILE
    if size > most:
        raise ContentError(
            f"This picture has {size / 1e6:.1f} MB; {most // 1_000_000} MB is the most.",
            hint="Save it smaller.",
        )
    raw = path.read_bytes()
    if not drawn:
        return _picture(path, name, raw, size=shown_size(opened(raw))), ""
    drawing: Drawing = inspect(raw)
    return _picture(path, name, raw, size=(drawing.width, drawing.height), drawn=True), drawing.words


def digest(raw: bytes, *, drawn: bool) -> str:
    """What names a picture's bytes: a drawing goes as it is, a photograph by the recipe."""
    return hashlib.sha256(raw if drawn else _RECIPE + raw).hexdigest()


def widths(widest: int) -> tuple[int, ...]:
    """The widths in which a photograph is published: never wider than it is."""
    return (*(width for width in WIDTHS if width <= _NEAR * widest), widest)


def height_at(width: int, picture: Picture) -> int:
    return max(1, round(picture.height * width / picture.width))


def opened(raw: bytes) -> ImageFile.ImageFile:
    """An image whose header has been read; what is too large or moves is refused before it is decoded."""
    plugin = next((plugin for magic, plugin in _PLUGINS.items() if raw.startswith(magic)), None)
    try:
        image = plugin(BytesIO(raw)) if plugin else None
    except BROKEN:
        image = None
    if image is None:
        kind = _other_kind(raw)
        told = (
            f"{kind} is not shown by every browser." if kind else "This cannot be read as PNG, JPEG or WebP."
        )
        raise ContentError(told, hint=_AS_JPEG if kind else "Save it again as JPEG.")
    if image.width * image.height > MOST_PIXELS:
        count = f"{image.width * image.height / 1e6:.0f}"
        raise ContentError(f"This picture has {count} megapixels; 50 are the most.", hint="Save it smaller.")
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise ContentError("This picture moves.", hint=_AS_JPEG)
    return image


def _other_kind(raw: bytes) -> str:
    if raw[4:8] == b"ftyp":
        return _OTHERS.get(raw[8:12], "")
    return next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), "")


def orientation(image: ImageFile.ImageFile) -> int:
    """How the camera was held, 1 to 8. Asks the header only: `getexif` would decode a whole PNG."""
    noted = image.info.get("exif")
    if not noted:
        return 1
    exif = Image.Exif()
    try:
        exif.load(noted)
        turned = exif.get(_ORIENTATION, 1)
    except BROKEN:
        return 1
    return turned if turned in range(1, 9) else 1


def shown_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Width and height of the largest rendition, upright."""
    upright = orientation(image) not in TURNED
    wide, high = (image.width, image.height) if upright else (image.height, image.width)
    factor = min(1.0, WIDTHS[-1] / wide, TALLEST / high)
    return max(1, round(wide * factor)), max(1, round(high * factor))


def _picture(path: Path, name: str, raw: bytes, *, size: tuple[int, int], drawn: bool = False) -> Picture:
    return Picture(
        name=name,
        path=str(path),
        digest=digest(raw, drawn=drawn),
        media_type=DRAWN if drawn else FORMATS["webp"],
        width=size[0],
        height=size[1],
        asset="",
        files=(),
    )
