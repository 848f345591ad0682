"""A host's pictures: what one is, whether it is safe and small enough, and its bytes for the page.

SVG goes as it is or is refused. Photographs lose their metadata, are turned upright, scaled and encoded as
WebP, only when their bytes are asked for. Reads no text and knows no property.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from generator.files.svg import Drawing, inspect
from guestlink.errors import ContentError, Stale

WIDEST: Final = 1600  # pixels; a phone's screen at three pixels a point is narrower
LARGEST_FILE: Final = 20_000_000  # bytes
LARGEST_DRAWING: Final = 1_000_000  # bytes
MOST_PIXELS: Final = 50_000_000
TYPES: Final = frozenset({".svg", ".png", ".jpg", ".jpeg", ".webp"})

_RECIPE: Final = (
    b"webp quality=82 method=4 width=1600 1\n"  # part of every address: raise the number with the code
)
_PLUGINS: Final[Mapping[bytes, Callable[[BytesIO], ImageFile.ImageFile]]] = {
    b"\x89PNG": PngImageFile,
    b"\xff\xd8": jpeg_factory,
    b"RIFF": WebPImageFile,
}
_QUALITY = 82
_TALLEST = 16383  # WebP's limit
_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as the page shows it. `digest` covers file and recipe; `asset` is the address made of it."""

    name: str
    path: str
    digest: str
    media_type: str
    width: int
    height: int
    asset: str


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
        width, height = _shown_size(raw)
        return _picture(path, name, _digest(raw, drawn=False), (width, height)), ""
    drawing: Drawing = inspect(raw)
    return _picture(path, name, _digest(raw, drawn=True), (drawing.width, drawing.height)), drawing.words


def read_picture(picture: Picture, *, cache: Path | None = None) -> bytes:
    """What lies at the picture's address. The folder `cache` keeps it: encoding takes a quarter second.

    Raises ContentError for a file that cannot be decoded, Stale if it changed since `look_at`.
    """
    drawn = picture.media_type == "image/svg+xml"
    kept = cache / f"{picture.digest}.webp" if cache and not drawn else None
    if kept and (ready := _whole_webp(kept)):
        return ready
    try:
        raw = Path(picture.path).read_bytes()
    except OSError as error:
        raise Stale(
            f"The picture {picture.name} went away while it was published.", hint="Publish again."
        ) from error
    if _digest(raw, drawn=drawn) != picture.digest:
        raise Stale(f"The picture {picture.name} changed while it was published.", hint="Publish again.")
    if drawn:
        return raw
    encoded = _encoded(raw, picture)
    if kept:
        _keep(kept, encoded)
    return encoded


def _picture(path: Path, name: str, digest: str, size: tuple[int, int]) -> Picture:
    drawn = path.suffix.casefold() == ".svg"
    return Picture(
        name=name,
        path=str(path),
        digest=digest,
        media_type="image/svg+xml" if drawn else "image/webp",
        width=size[0],
        height=size[1],
        asset=f"assets/p/{digest[:16]}.{'svg' if drawn else 'webp'}",
    )


def _digest(raw: bytes, *, drawn: bool) -> str:
    return hashlib.sha256(raw if drawn else _RECIPE + raw).hexdigest()


def _open(raw: bytes) -> ImageFile.ImageFile:
    """An image whose header has been read; the size is checked before anything is decoded."""
    plugin = next((plugin for magic, plugin in _PLUGINS.items() if raw.startswith(magic)), None)
    try:
        image = plugin(BytesIO(raw)) if plugin else None
    except _BROKEN:
        image = None
    if image is None:
        raise ContentError("This cannot be read as PNG, JPEG or WebP.", hint="Save it again as JPEG.")
    if image.width * image.height > MOST_PIXELS:
        count = f"{image.width * image.height / 1e6:.0f}"
        raise ContentError(f"This picture has {count} megapixels; 50 are the most.", hint="Save it smaller.")
    return image


def _orientation(image: ImageFile.ImageFile) -> int:
    """How the camera was held. Asks the header only: `getexif` would decode a whole PNG."""
    noted = image.info.get("exif")
    if not noted:
        return 1
    exif = Image.Exif()
    try:
        exif.load(noted)
        turned = exif.get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return turned if turned in _TURNS else 1


def _shown_size(raw: bytes) -> tuple[int, int]:
    image = _open(raw)
    width, height = _scaled(image)
    return (height, width) if _orientation(image) >= 5 else (width, height)


def _scaled(image: ImageFile.ImageFile) -> tuple[int, int]:
    """The size after scaling, before turning."""
    wide, high = (_TALLEST, WIDEST) if _orientation(image) >= 5 else (WIDEST, _TALLEST)
    factor = min(1.0, wide / image.width, high / image.height)
    return max(1, round(image.width * factor)), max(1, round(image.height * factor))


def _encoded(raw: bytes, picture: Picture) -> bytes:
    """WebP without metadata; the same bytes give the same bytes (for one version of libwebp)."""
    image = _open(raw)
    turned, size = _orientation(image), _scaled(image)
    target = BytesIO()
    try:
        image.draft("RGB", size)
        upright = _plain_colours(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        if turned in _TURNS:
            upright = upright.transpose(_TURNS[turned])
        upright.save(target, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=None, xmp=b"")
    except _BROKEN as error:
        hint = "Copy it again from the camera, or save it again as JPEG."
        raise ContentError("This picture is damaged.", path=picture.path, hint=hint) from error
    return target.getvalue()


def _plain_colours(image: ImageFile.ImageFile) -> Image.Image:
    """sRGB with or without transparency; a broken colour profile is left aside."""
    see_through = "A" in image.getbands() or "transparency" in image.info
    profile = image.info.get("icc_profile")
    mode = "RGBA" if see_through else "RGB"
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image,
                source,
                ImageCms.createProfile("sRGB"),
                outputMode="RGB" if image.mode == "CMYK" else image.mode,
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert(mode)
        return converted.convert(mode) if converted is not None else image.convert(mode)
    return image.convert(mode)


def _whole_webp(path: Path) -> bytes:
    """A kept picture; nothing if there is none or a power cut has shortened it (RIFF states the length)."""
    try:
        kept = path.read_bytes()
    except OSError:
        return b""
    whole = kept[:4] == b"RIFF" and int.from_bytes(kept[4:8], "little") + 8 == len(kept)
    return kept if whole else b""


def _keep(path: Path, encoded: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(encoded)
    os.replace(draft.name, path)  # noqa: PTH105 - one rename, or none
