"""Pictures come out safe, upright, small and nameless; drawings that do anything are refused."""

import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from generator.files.pictures import Picture, look_at, read_picture
from generator.files.svg import inspect
from guestlink.errors import ContentError, Stale

RED, BLUE = (220, 30, 30), (30, 30, 220)
NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SVG = f'<svg {NAMES} viewBox="0 0 640 480">'


def photo(
    width: int = 40, height: int = 20, *, kind: str = "JPEG", turned: int = 1, where: bool = False
) -> bytes:
    """Left half red, right half blue; `turned` is the EXIF orientation, `where` adds a place and a camera."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    exif = Image.Exif()
    exif[0x0112] = turned
    if where:
        exif[0x010F] = "Camera of ana"
        exif.get_ifd(0x8825)[1] = "N"
    target = BytesIO()
    image.save(target, kind, exif=exif, quality=95)
    return target.getvalue()


def looked(parent: Path, raw: bytes, name: str = "quay.jpg") -> Picture:
    path = parent / name
    path.write_bytes(raw)
    return look_at(path, name)[0]


def opened(picture: Picture) -> Image.Image:
    return Image.open(BytesIO(read_picture(picture)))


def refused(drawing: str) -> str:
    with pytest.raises(ContentError) as caught:
        inspect(drawing.encode())
    return f"{caught.value.line}: {caught.value.message}"


# Photographs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_becomes_webp_under_a_name_made_of_its_bytes(tmp_path: Path, kind: str) -> None:
    picture = looked(tmp_path, photo(kind=kind), f"quay.{kind.lower()}")
    image = opened(picture)
    assert (image.format, image.size) == ("WEBP", (40, 20))
    assert (picture.width, picture.height, picture.media_type) == (40, 20, "image/webp")
    assert picture.asset == f"assets/p/{picture.digest[:16]}.webp"
    assert picture.digest != hashlib.sha256(photo(kind=kind)).hexdigest(), "the recipe is part of the name"
    assert (tmp_path / f"quay.{kind.lower()}").as_posix() == picture.path


def test_a_photograph_says_neither_where_nor_with_what_it_was_taken(tmp_path: Path) -> None:
    raw = photo(where=True)
    assert b"Camera of ana" in raw
    image = opened(looked(tmp_path, raw))
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile"} & set(image.info)


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photograph_is_turned_upright(tmp_path: Path, turned: int) -> None:
    picture = looked(tmp_path, photo(turned=turned))
    image = opened(picture).convert("RGB")
    assert image.size == (picture.width, picture.height) == ((20, 40) if turned >= 5 else (40, 20))
    first = image.getpixel((2, 2))
    assert isinstance(first, tuple)
    assert (first[0] > first[2]) == (turned in {1, 4, 5, 6})


def test_a_wide_photograph_is_scaled_and_a_tall_one_by_its_shown_width(tmp_path: Path) -> None:
    wide = looked(tmp_path, photo(4000, 1000))
    turned = looked(tmp_path, photo(4000, 3200, turned=6), "turned.jpg")
    assert (wide.width, wide.height) == opened(wide).size == (1600, 400)
    assert (turned.width, turned.height) == opened(turned).size == (1600, 2000)


def test_the_same_photograph_gives_the_same_bytes(tmp_path: Path) -> None:
    picture = looked(tmp_path, photo(800, 600))
    assert read_picture(picture) == read_picture(picture)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_colour_mode_is_shown(tmp_path: Path, mode: str) -> None:
    target = BytesIO()
    Image.new("RGBA", (8, 8), (*RED, 0)).convert("RGB" if mode == "CMYK" else "RGBA").convert(mode).save(
        target, "JPEG" if mode == "CMYK" else "PNG"
    )
    image = opened(looked(tmp_path, target.getvalue(), "mode.png"))
    assert image.mode == ("RGBA" if mode in {"LA", "P", "RGBA"} else "RGB")


def test_colours_of_another_profile_become_those_of_the_web(tmp_path: Path) -> None:
    target, broken = BytesIO(), BytesIO()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8), RED).save(target, "JPEG", icc_profile=lab, quality=95)
    Image.new("RGB", (8, 8), RED).save(broken, "JPEG", icc_profile=b"no profile", quality=95)
    for raw in (target.getvalue(), broken.getvalue()):
        pixel = opened(looked(tmp_path, raw)).convert("RGB").getpixel((4, 4))
        assert isinstance(pixel, tuple)
        assert all(abs(seen - meant) < 12 for seen, meant in zip(pixel, RED, strict=True))


def test_a_file_of_more_than_20_mb_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "quay.jpg").open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(ContentError, match=r"has 20\.0 MB; 20 MB is the most"):
        look_at(tmp_path / "quay.jpg", "quay.jpg")


@pytest.mark.parametrize(
    ("side", "told"), [(7072, "has 50 megapixels"), (9800, "has 96 megapixels"), (65535, "has 4295")]
)
def test_a_picture_of_more_than_50_megapixels_is_refused_undecoded(
    tmp_path: Path, side: int, told: str
) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    raw = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    raw += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(ContentError, match=told):
        looked(tmp_path, raw, "big.png")


@pytest.mark.parametrize(
    "raw", [b"", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", b"\xff\xd8\xff", b"<html>", b"RIFF\0\0\0\0WEBP"]
)
def test_what_is_no_photograph_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ContentError, match="cannot be read as PNG, JPEG or WebP"):
        looked(tmp_path, raw)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_that_was_cut_off_is_told_by_its_file(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ContentError, match=r"This picture is damaged|This cannot be read as") as caught:
        read_picture(looked(tmp_path, photo(600, 400, kind=kind)[:-400]))
    assert caught.value.path == ("" if kind == "WEBP" else str(tmp_path / "quay.jpg"))


def test_a_picture_that_changes_while_it_is_published_is_asked_for_again(tmp_path: Path) -> None:
    picture = looked(tmp_path, photo())
    looked(tmp_path, photo(60, 20))
    with pytest.raises(Stale, match="changed while"):
        read_picture(picture)
    (tmp_path / "quay.jpg").unlink()
    with pytest.raises(Stale, match="went away"):
        read_picture(picture)


def test_the_cache_answers_without_the_file_and_never_with_half_a_picture(tmp_path: Path) -> None:
    picture, cache = looked(tmp_path, photo()), tmp_path / "cache"
    encoded = read_picture(picture, cache=cache)
    kept = cache / f"{picture.digest}.webp"
    assert [file.read_bytes() for file in cache.iterdir()] == [encoded] == [kept.read_bytes()]
    kept.write_bytes(encoded[:-1])
    assert read_picture(picture, cache=cache) == encoded == kept.read_bytes()
    (tmp_path / "quay.jpg").unlink()
    assert read_picture(picture, cache=cache) == encoded


# Drawings ---------------------------------------------------------------------------------------------


def test_a_drawing_goes_as_it_is(tmp_path: Path) -> None:
    raw = f"{SVG}<title>The quay</title><path d='M0 0'/></svg>".encode()
    picture = looked(tmp_path, raw, "quay.svg")
    assert read_picture(picture) == raw
    assert (picture.media_type, picture.asset) == ("image/svg+xml", f"assets/p/{picture.digest[:16]}.svg")
    assert (picture.width, picture.height) == (640, 480)


def test_a_drawing_may_use_its_own_parts_styles_and_embedded_pictures() -> None:
    drawing = inspect(
        f'{SVG}<style>.a {{ fill: url(#g) }}</style><linearGradient id="g"/><use xlink:href="#g"/>'
        '<image href="data:image/png;base64,AAAA"/><text x="1">javascript: a <tspan>quay</tspan></text>'
        '<rect fill="url(#g)" style="stroke: #123"/></svg>'.encode()
    )
    assert drawing.words.split() == ["javascript:", "a", "quay"]


@pytest.mark.parametrize(
    ("sizes", "size"),
    [
        ('width="32" height="16.4"', (32, 16)),
        ('width="32px" height="16px" viewBox="0 0 1 1"', (32, 16)),
        ('width="100%" height="100%" viewBox="0,0,300,150"', (300, 150)),
        ('viewBox="-10 -10 20 30"', (20, 30)),
    ],
)
def test_a_drawing_says_how_large_it_is(sizes: str, size: tuple[int, int]) -> None:
    drawing = inspect(f'<svg xmlns="http://www.w3.org/2000/svg" {sizes}/>'.encode())
    assert (drawing.width, drawing.height) == size


@pytest.mark.parametrize("sizes", ["", 'viewBox="0 0 x 1"', 'viewBox="0 0 0 0"', 'width="1e9" height="1e9"'])
def test_a_drawing_without_a_size_is_refused(sizes: str) -> None:
    assert (
        refused(f'<svg xmlns="http://www.w3.org/2000/svg" {sizes}/>')
        == "1: This drawing does not say how large it is."
    )


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<rect onclick="x"/>', "the script attribute onclick"),
        ('<rect ONLOAD="x"/>', "the script attribute onload"),
        ('<a href="javascript:x"/>', "a javascript: address"),
        ('<a xlink:href=" java&#10;script:x"/>', "a javascript: address"),
        ("<foreignObject/>", "<foreignObject>"),
        ('<body xmlns="http://www.w3.org/1999/xhtml"/>', "<body>"),
        ('<use href="https://x.example/y.svg#z"/>', "a reference to something outside (use href)"),
        ('<image href="//x.example/y.png"/>', "a reference to something outside (image href)"),
        ('<image href="quay.png"/>', "a reference to something outside (image href)"),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', "a reference to something outside (image href)"),
        ('<use href="data:image/png;base64,AAAA"/>', "a reference to something outside (use href)"),
        ('<g xml:base="https://x.example"/>', "a reference to something outside (g base)"),
        ('<a href="https://x.example"/>', "a reference to something outside (a href)"),
        ("<set attributeName='href' to='x'/>", "<set>"),
        ("<animate attributeName='href'/>", "<animate>"),
        ('<rect fill="url(https://x.example/#y)"/>', "a style that loads something"),
        ("<rect style=\"fill: url( 'y.svg#z')\"/>", "a style that loads something"),
        ('<rect style="fill: u\\72l(y)"/>', "a style that loads something"),
        ("<style>@import 'x.css';</style>", "a style that loads something"),
        ("<style><![CDATA[@font-face { src: x }]]></style>", "a style that loads something"),
        ("<?xml-stylesheet href='x'?>", "a processing instruction"),
    ],
)
def test_a_drawing_that_runs_or_loads_something_is_refused_with_its_line(inside: str, what: str) -> None:
    assert (
        refused(f"{SVG}\n{inside}\n</svg>") == f"2: This drawing contains {what}, which may not go on a page."
    )


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
        '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_drawing_with_a_document_type_or_entities_is_refused(doctype: str, encoding: str) -> None:
    with pytest.raises(ContentError, match="a document type"):
        inspect(f"{doctype}{SVG}</svg>".encode(encoding))


@pytest.mark.parametrize(
    "drawing", ["", "quay", "<svg>", "<svg/>", "<html/>", f"{SVG}<g></svg>", f"{SVG}</svg><g/>"]
)
def test_what_is_no_drawing_is_refused(drawing: str) -> None:
    assert "This is no SVG drawing." in refused(drawing)


def test_a_drawing_of_more_than_1_mb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"has 1\.1 MB; 1 MB is the most"):
        looked(tmp_path, f"{SVG}{' ' * 1_100_000}</svg>".encode(), "quay.svg")


def test_a_drawing_nested_without_end_is_read(tmp_path: Path) -> None:
    raw = f"{SVG}{'<g>' * 50_000}{'</g>' * 50_000}</svg>".encode()
    assert looked(tmp_path, raw, "deep.svg").width == 640
