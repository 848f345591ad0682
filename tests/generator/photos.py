"""Photographs for tests, made by Pillow: what a camera or phone would write, in a few colours."""

from io import BytesIO

from PIL import Image, ImageFilter

RED, BLUE = (220, 30, 30), (30, 30, 220)
CAMERA = "Camera of ana planted"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><planted-xmp/></x:xmpmeta>'


def photo(
    width: int = 40,
    height: int = 20,
    *,
    kind: str = "JPEG",
    turned: int = 1,
    where: bool = False,
    grain: bool = False,
    profile: bytes | None = None,
) -> bytes:
    """Left half red, right half blue; `turned` is the EXIF orientation, `where` adds a place and a camera.

    `grain` makes it as hard to encode as a real one.
    """
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    if grain:
        noise = Image.effect_noise((width // 4, height // 4), 60).resize((width, height))
        image = Image.blend(image, noise.filter(ImageFilter.GaussianBlur(2)).convert("RGB"), 0.4)
    exif = Image.Exif()
    exif[0x0112] = turned
    more: dict[str, object] = {"icc_profile": profile} if profile else {}
    if where:
        exif[0x010F] = CAMERA
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", (50.0, 9.0, 9.4), "W", (5.0, 3.0, 58.7)
        more |= {} if kind == "PNG" else {"xmp": XMP}
    target = BytesIO()
    image.save(target, kind, exif=exif, quality=95, **more)
    return target.getvalue()
