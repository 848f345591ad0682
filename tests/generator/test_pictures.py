"""What a picture is: its size, whether it may go on a page; drawings that do anything are refused."""

import re
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from generator.files.pictures import look_at, widths
from generator.files.shapes import Picture
from generator.files.svg import inspect
from guestlink.errors import ContentError
from tests.generator.photos import RED, photo

NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SVG = f'<svg {NAMES} viewBox="0 0 640 480">'


def looked(parent: Path, raw: bytes, name: str = "quay.jpg") -> Picture:
    path = parent / name
    path.write_bytes(raw)
    return look_at(path, name)[0]


def refused(drawing: str) -> str:
    with pytest.raises(ContentError) as caught:
        inspect(drawing.encode())
    return f"{caught.value.line}: {caught.value.message}"


# Photographs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_known_by_its_header(tmp_path: Path, kind: str) -> None:
    picture = looked(tmp_path, photo(kind=kind), f"quay.{kind.lower()}")
    assert (picture.width, picture.height, picture.media_type) == (40, 20, "image/webp")
    assert (picture.asset, picture.files, picture.placeholder) == ("", (), "")
    assert picture.path == (tmp_path / f"quay.{kind.lower()}").as_posix()


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photograph_has_the_size_it_is_seen_in(tmp_path: Path, turned: int) -> None:
    small, large = looked(tmp_path, photo(turned=turned)), looked(tmp_path, photo(4000, 3200, turned=turned))
    lies = turned >= 5
    assert (small.width, small.height) == ((20, 40) if lies else (40, 20))
    assert (large.width, large.height) == ((1600, 2000) if lies else (1600, 1280))


@pytest.mark.parametrize(
    ("widest", "published"),
    [
        (1, (1,)),
        (480, (480,)),
        (500, (500,)),
        (640, (480, 640)),
        (1000, (480, 800, 1000)),
        (1300, (480, 800, 1300)),
        (1600, (480, 800, 1200, 1600)),
    ],
)
def test_no_photograph_is_enlarged_or_published_twice_in_nearly_one_width(
    widest: int, published: tuple[int, ...]
) -> None:
    assert widths(widest) == published


def test_a_very_tall_photograph_keeps_within_what_its_formats_can(tmp_path: Path) -> None:
    tall = looked(tmp_path, photo(300, 20_000, kind="PNG"), "tall.png")
    assert (tall.width, tall.height) == (246, 16_383)


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


@pytest.mark.parametrize("raw", [b"", b"\xff\xd8\xff", b"<html>", b"RIFF\0\0\0\0WEBP", b"\0" * 100])
def test_what_is_no_photograph_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ContentError, match="cannot be read as PNG, JPEG or WebP"):
        looked(tmp_path, raw)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "AVIF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"BM\0\0\0\0", "BMP"),
    ],
)
def test_a_kind_that_not_every_browser_shows_is_named_with_its_mend(
    tmp_path: Path, raw: bytes, kind: str
) -> None:
    with pytest.raises(ContentError, match=f"^{kind} is not shown by every browser") as caught:
        looked(tmp_path, raw)
    assert caught.value.hint == "Save it as JPEG."


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_picture_that_moves_is_refused(tmp_path: Path, kind: str) -> None:
    target = BytesIO()
    first, second = Image.new("RGB", (20, 20), RED), Image.new("RGB", (20, 20), "blue")
    first.save(target, kind, save_all=True, append_images=[second], duration=200)
    with pytest.raises(ContentError, match="This picture moves") as caught:
        looked(tmp_path, target.getvalue())
    assert caught.value.hint == "Save it as JPEG."


def test_the_two_pictures_in_one_file_of_a_phone_are_no_movement(tmp_path: Path) -> None:
    target = BytesIO()
    still = Image.new("RGB", (400, 300), RED)
    still.save(target, "MPO", save_all=True, append_images=[Image.new("RGB", (400, 300), "blue")])
    assert looked(tmp_path, target.getvalue()).width == 400


# Drawings ---------------------------------------------------------------------------------------------


def test_a_drawing_is_known_by_its_first_element(tmp_path: Path) -> None:
    picture = looked(tmp_path, f"{SVG}<title>The quay</title><path d='M0 0'/></svg>".encode(), "quay.svg")
    assert (picture.width, picture.height, picture.media_type) == (640, 480, "image/svg+xml")
    assert picture.drawn


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


def test_the_drawings_of_the_sample_are_light_and_from_one_paint_box() -> None:
    folder = Path(__file__).parents[2] / "content/harbour-house/pictures"
    drawings = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.svg")}
    assert {"private/door.svg", "private/key-box.svg"} < drawings.keys(), "what helps to get in is private"
    assert all(len(raw) < 6_000 for raw in drawings.values())
    assert len(set(re.findall(rb"#[0-9a-f]{6}", b"".join(drawings.values())))) <= 37
    for raw in drawings.values():
        assert inspect(raw).words.strip() == ""
