"""Where a host's pictures become files of the site: addresses, encoding, and the folder that keeps them.

A photograph is decoded once, turned upright, freed of what the camera wrote into it, and encoded in every
size and format; the next publish finds it ready. Equal bytes give equal bytes, for one version of the codecs.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Final

import msgspec
from PIL import Image, ImageCms, ImageFile

from generator.files import pictures
from generator.files.pictures import BROKEN, TURNED
from generator.files.shapes import DRAWN, FORMATS, Picture, Rendition
from guestlink.errors import ContentError, Outage, Stale

Name = Callable[..., str]  # parts that tell a file from all others -> its unguessable name
Progress = Callable[[str, int, int], None]

# Measured on twelve megapixels (docs/decisions.md): AVIF at speed 5 costs five times the time of 6 and saves
# a tenth of the bytes. One thread for each picture: then the bytes do not depend on the machine.
_ENCODERS: Final[dict[str, dict[str, Any]]] = {
    "avif": {"format": "AVIF", "quality": 50, "speed": 6, "max_threads": 1, "subsampling": "4:2:0"},
    "webp": {"format": "WEBP", "quality": 78, "method": 4},
}
_BLURRED: Final = ((16, 30), (16, 10), (12, 10), (8, 5))  # longer side in pixels, quality
_LONGEST_PLACEHOLDER: Final = 250  # characters
_MANY_PIXELS: Final = 16_000_000  # from here on one at a time: each needs four bytes a pixel, twice
_CHECK: Final = 32  # bytes of SHA-256 before what is kept
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DAMAGED: Final = "Copy it again from the camera, or save it again as JPEG."


class Darkroom:
    """Shared by all properties of a deployment. `name` makes addresses that nobody can guess or test."""

    def __init__(self, folder: Path, name: Name, *, workers: int = 0) -> None:
        self._folder = folder
        self._name = name
        self._workers = workers or os.cpu_count() or 1
        self._large = Lock()

    def addressed(self, picture: Picture, *, house: str) -> Picture:
        """The picture with its files. The house is part of a name: two with one logo share no object."""

        def file(kind: str, media_type: str, width: int) -> Rendition:
            name = self._name(house, picture.digest, str(width), kind)
            height = pictures.height_at(width, picture)
            return Rendition(
                path=f"assets/p/{name}.{kind}", media_type=media_type, width=width, height=height
            )

        files: tuple[Rendition, ...]
        if picture.drawn:
            files = (file("svg", DRAWN, picture.width),)
        else:
            sizes = pictures.widths(picture.width)
            files = tuple(file(kind, FORMATS[kind], width) for kind in FORMATS for width in sizes)
        return msgspec.structs.replace(picture, files=files, asset=files[-1].path)

    def develop(
        self, found: Collection[Picture], *, progress: Progress
    ) -> Iterator[tuple[Picture, str | ContentError]]:
        """Each photograph with its placeholder, or with what is wrong with it; encodes those that are new."""
        photographs = [picture for picture in found if not picture.drawn]
        new = [picture for picture in photographs if not self._is_ready(picture)]
        yield from ((picture, self._placeholder(picture)) for picture in photographs if picture not in new)
        with ThreadPoolExecutor(self._workers) as pool:
            for done, outcome in enumerate(pool.map(self._developed, new), start=1):
                progress("photos", done, len(new))
                yield outcome

    def has(self, pictures: Iterable[Picture]) -> bool:
        """Whether all photographs among them are encoded already."""
        return all(self._is_ready(picture) for picture in pictures if not picture.drawn)

    def body(self, picture: Picture, path: str) -> bytes:
        """What lies at one of the picture's addresses. Stale if its file has changed since it was read."""
        if picture.drawn:
            return _raw(picture)
        kept = self._place_of(picture, path)
        ready = _whole(kept)
        if ready is None:
            self._encode(picture)
            ready = _whole(kept)
        if ready is None:
            raise Stale(f"The cache {self._folder} is being changed.", hint="Publish again.")
        return ready

    # -- one photograph ------------------------------------------------------------------------------
    def _developed(self, picture: Picture) -> tuple[Picture, str | ContentError]:
        try:
            self._encode(picture)
        except ContentError as error:
            return picture, error
        return picture, self._placeholder(picture)

    def _encode(self, picture: Picture) -> None:
        """Decodes once and keeps every file; the placeholder last, since it says that all are there."""
        upright = self._decoded(_raw(picture), picture)
        for width in reversed(pictures.widths(picture.width)):
            upright = _scaled(upright, width, pictures.height_at(width, picture))
            for kind in FORMATS:
                _keep(self._kept(picture, f"{width}.{kind}"), _encoded(upright, **_ENCODERS[kind]))
        _keep(self._kept(picture, "blur"), _blurred(upright).encode())

    def _decoded(self, raw: bytes, picture: Picture) -> Image.Image:
        image = pictures.opened(raw)
        many = image.format not in {"JPEG", "MPO"} and image.width * image.height > _MANY_PIXELS
        try:
            with self._large if many else nullcontext():
                return _upright(image, picture)
        except BROKEN as error:
            raise ContentError("This picture is damaged.", path=picture.path, hint=_DAMAGED) from error

    def _place_of(self, picture: Picture, path: str) -> Path:
        file = next(file for file in picture.files if file.path == path)
        return self._kept(picture, f"{file.width}.{path.rpartition('.')[2]}")

    def _is_ready(self, picture: Picture) -> bool:
        return all(self._place_of(picture, file.path).is_file() for file in picture.files) and (
            _whole(self._kept(picture, "blur")) is not None
        )

    def _placeholder(self, picture: Picture) -> str:
        return (_whole(self._kept(picture, "blur")) or b"").decode()

    def _kept(self, picture: Picture, what: str) -> Path:
        return self._folder / f"{picture.digest}.{what}"


def _raw(picture: Picture) -> bytes:
    try:
        raw = Path(picture.path).read_bytes()
    except OSError as error:
        raise Stale(
            f"The picture {picture.name} went away while it was published.", hint="Publish again."
        ) from error
    if pictures.digest(raw, drawn=picture.drawn) != picture.digest:
        raise Stale(f"The picture {picture.name} changed while it was published.", hint="Publish again.")
    return raw


# -- pixels ----------------------------------------------------------------------------------------
def _upright(image: ImageFile.ImageFile, picture: Picture) -> Image.Image:
    """The largest rendition in sRGB, with or without transparency, and nothing but pixels."""
    turned = pictures.orientation(image)
    size = (picture.height, picture.width) if turned in TURNED else (picture.width, picture.height)
    profile = image.info.get("icc_profile")
    see_through = "A" in image.getbands() or "transparency" in image.info
    image.draft("RGB", size)  # a JPEG is decoded at half, a quarter or an eighth of its size
    small = _eight_bits(image, see_through=see_through).resize(
        size, Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    plain = _in_srgb(small, profile, "RGBA" if see_through else "RGB")
    upright = plain.transpose(_TURNS[turned]) if turned in _TURNS else plain
    upright.info.clear()
    return upright


def _eight_bits(image: Image.Image, *, see_through: bool) -> Image.Image:
    """A mode that can be scaled without loss of tones."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda tone: tone / 256).convert("L")
    if image.mode in {"RGB", "RGBA", "CMYK", "L"} and not (see_through and image.mode != "RGBA"):
        return image
    return image.convert("RGBA" if see_through else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None, mode: str) -> Image.Image:
    """The colours of the web; a broken profile is left aside."""
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            kept = "RGB" if image.mode == "CMYK" else image.mode
            converted = ImageCms.profileToProfile(image, source, target, outputMode=kept)
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert(mode)
        return converted.convert(mode) if converted is not None else image.convert(mode)
    return image.convert(mode)


def _scaled(image: Image.Image, width: int, height: int) -> Image.Image:
    same = image.size == (width, height)
    return image if same else image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, **how: Any) -> bytes:
    target = BytesIO()
    image.save(target, **how)
    return target.getvalue()


def _blurred(image: Image.Image) -> str:
    """A few pixels as a data: address; nothing for a picture through which the page is seen."""
    if image.mode == "RGBA":
        return ""
    for longer, quality in _BLURRED:
        shrink = min(1.0, longer / max(image.size))
        size = [max(1, round(side * shrink)) for side in image.size]
        tiny = image.resize((size[0], size[1]), Image.Resampling.BOX)
        body = base64.b64encode(_encoded(tiny, format="WEBP", quality=quality, method=6)).decode()
        if len(body) + len("data:image/webp;base64,") <= _LONGEST_PLACEHOLDER:
            return f"data:image/webp;base64,{body}"
    return ""


# -- what is kept ----------------------------------------------------------------------------------
def _whole(path: Path) -> bytes | None:
    """What was kept, if every byte of it is what it was."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    body = kept[_CHECK:]
    return body if hashlib.sha256(body).digest() == kept[:_CHECK] else None


def _keep(path: Path, body: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
            draft.write(hashlib.sha256(body).digest() + body)
        os.replace(draft.name, path)  # noqa: PTH105 - one rename, or none
    except OSError as error:
        told = f"Encoded pictures cannot be kept in {path.parent}: {error.strerror}."
        raise Outage(told, hint="Make room there, or let this program write there.") from error
