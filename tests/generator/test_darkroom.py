"""Photographs come out upright, in several sizes and formats, and with nothing in them but pixels."""

import base64
import hashlib
import struct
import threading
import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageCms

from generator.files import darkroom as module
from generator.files.darkroom import Darkroom
from generator.files.pictures import look_at
from generator.files.shapes import Picture
from guestlink.clock import now
from guestlink.crypto import KeyRing, new_keys
from guestlink.errors import ContentError, Outage, Stale
from tests.generator.photos import CAMERA, RED, XMP, photo

RING = KeyRing(new_keys(now()))


def room(parent: Path) -> Darkroom:
    return Darkroom(parent / "data/pictures", RING.file_name)


def looked(parent: Path, raw: bytes, name: str = "quay.jpg", house: str = "harbour-house") -> Picture:
    path = parent / name
    path.write_bytes(raw)
    return room(parent).addressed(look_at(path, name)[0], house=house)


def developed(parent: Path, *pictures: Picture) -> list[Picture]:
    """The pictures with their placeholders; raises what is wrong with the first that is damaged."""
    found = []
    for picture, outcome in room(parent).develop(pictures, progress=lambda *_: None):
        if isinstance(outcome, ContentError):
            raise outcome
        found.append(msgspec.structs.replace(picture, placeholder=outcome))
    return found


def bodies(parent: Path, picture: Picture) -> dict[str, bytes]:
    return {file.path: room(parent).body(picture, file.path) for file in picture.files}


def images(parent: Path, picture: Picture) -> Iterable[Image.Image]:
    return (Image.open(BytesIO(body)) for body in bodies(parent, picture).values())


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel((x, y))
    assert isinstance(pixel, tuple)
    return tuple(map(int, pixel))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_published_in_two_formats_and_the_promised_widths(tmp_path: Path, kind: str) -> None:
    picture = looked(tmp_path, photo(1300, 650, kind=kind))
    told = [(file.media_type, file.width, file.height) for file in picture.files]
    sizes = [(480, 240), (800, 400), (1300, 650)]
    assert told == [(media, *size) for media in ("image/avif", "image/webp") for size in sizes]
    found = [(f"image/{(image.format or '').lower()}", *image.size) for image in images(tmp_path, picture)]
    assert found == told
    assert picture.asset == picture.files[-1].path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_says_neither_where_nor_with_what_it_was_taken(tmp_path: Path, kind: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    raw = photo(600, 300, kind=kind, where=True, turned=6, profile=srgb)
    assert CAMERA.encode() in raw
    picture = looked(tmp_path, raw)
    for body in bodies(tmp_path, picture).values():
        image = Image.open(BytesIO(body))
        assert not dict(image.getexif())
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        for trace in (CAMERA.encode(), XMP, b"Exif", b"xmp", b"ICC"):
            assert trace not in body


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photograph_is_turned_upright_in_every_file(tmp_path: Path, turned: int) -> None:
    picture = looked(tmp_path, photo(800, 600, turned=turned))
    for image in images(tmp_path, picture):
        assert (image.width < image.height) == (turned >= 5)
        first = colour(image, 5, 5)
        assert (first[0] > first[2]) == (turned in {1, 4, 5, 6})
        last = colour(image, image.width - 5, image.height - 5)
        assert (last[0] > last[2]) == (turned not in {1, 4, 5, 6})


def test_equal_photographs_give_equal_bytes_in_every_darkroom(tmp_path: Path) -> None:
    raw = photo(700, 500, grain=True)
    (tmp_path / "other").mkdir()
    here, there = looked(tmp_path, raw), looked(tmp_path / "other", raw)
    assert bodies(tmp_path, here) == bodies(tmp_path / "other", there)


def test_twelve_megapixels_become_files_a_phone_can_carry(tmp_path: Path) -> None:
    picture = developed(tmp_path, looked(tmp_path, photo(4032, 3024, grain=True)))[0]
    assert (picture.width, picture.height) == (1600, 1200)
    sizes = {file.path: len(room(tmp_path).body(picture, file.path)) for file in picture.files}
    by_width = {(file.width, file.media_type): sizes[file.path] for file in picture.files}
    assert {width for width, _ in by_width} == {480, 800, 1200, 1600}
    assert all(by_width[width, "image/avif"] < by_width[width, "image/webp"] for width in (480, 1600))
    assert by_width[800, "image/avif"] < 60_000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_is_shown(tmp_path: Path, mode: str) -> None:
    source = Image.new("RGB", (64, 64), (200, 200, 200))
    image = Image.new("I;16", (64, 64), 200 * 257) if mode == "I;16" else source.convert(mode)
    target = BytesIO()
    image.save(target, "JPEG" if mode == "CMYK" else "PNG")
    picture = looked(tmp_path, target.getvalue(), "mode.png")
    for image in images(tmp_path, picture):
        grey = colour(image, 32, 32)
        assert all(abs(tone - 200) < (60 if mode == "1" else 8) for tone in grey)


def test_sixteen_bits_of_colour_are_shown(tmp_path: Path) -> None:
    row = b"\0" + struct.pack(">HHH", 200 * 257, 100 * 257, 50 * 257) * 64
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row * 64))]
    raw = b"\x89PNG\r\n\x1a\n"
    for name, body in [*chunks, (b"IEND", b"")]:
        raw += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    picture = looked(tmp_path, raw, "deep.png")
    for image in images(tmp_path, picture):
        assert all(abs(a - b) < 8 for a, b in zip(colour(image, 32, 32), (200, 100, 50), strict=True))


def test_a_clear_corner_stays_clear_and_has_no_blurred_picture_behind_it(tmp_path: Path) -> None:
    source = Image.new("RGBA", (600, 400), (*RED, 255))
    source.paste((0, 0, 0, 0), (0, 0, 300, 200))
    target = BytesIO()
    source.save(target, "PNG")
    (picture,) = developed(tmp_path, looked(tmp_path, target.getvalue(), "sign.png"))
    assert picture.placeholder == ""
    for image in images(tmp_path, picture):
        alpha = image.getchannel("A")
        assert (alpha.getpixel((10, 10)), alpha.getpixel((image.width - 10, 10))) == (0, 255)


def test_colours_of_another_profile_become_those_of_the_web(tmp_path: Path) -> None:
    swapped = _profile_with_swapped_colours()
    picture = looked(tmp_path, photo(600, 400, profile=swapped))
    for image in images(tmp_path, picture):
        red, _, blue = colour(image, 20, 20)
        assert blue > 150 > red, "the left half, red as numbers, is blue by its profile"


def _profile_with_swapped_colours() -> bytes:
    """sRGB with the red and blue primaries exchanged: who ignores it shows red for blue."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", raw, 128)[0]
    tags = {bytes(raw[132 + 12 * at : 136 + 12 * at]): 132 + 12 * at for at in range(count)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    raw[red + 4 : red + 12], raw[blue + 4 : blue + 12] = raw[blue + 4 : blue + 12], raw[red + 4 : red + 12]
    return bytes(raw)


def test_a_broken_profile_is_left_aside(tmp_path: Path) -> None:
    picture = looked(tmp_path, photo(600, 400, profile=b"no profile"))
    for image in images(tmp_path, picture):
        assert all(abs(a - b) < 16 for a, b in zip(colour(image, 20, 20), RED, strict=True))


@pytest.mark.parametrize("size", [(1200, 900), (300, 3000), (3000, 300), (40, 20), (1, 1), (3, 2000)])
def test_a_photograph_has_a_tiny_blurred_one_inside_the_page(tmp_path: Path, size: tuple[int, int]) -> None:
    (picture,) = developed(tmp_path, looked(tmp_path, photo(*size, grain=min(size) > 8)))
    assert len(picture.placeholder) <= 250
    assert picture.placeholder.startswith("data:image/webp;base64,")
    tiny = Image.open(BytesIO(base64.b64decode(picture.placeholder.partition(",")[2])))
    assert max(tiny.size) <= 16
    if min(tiny.size) > 2:
        left, right = colour(tiny, 0, tiny.height // 2), colour(tiny, tiny.width - 1, tiny.height // 2)
        assert left[0] > left[2]
        assert right[2] > right[0]


def test_a_drawing_goes_as_it_is(tmp_path: Path) -> None:
    raw = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480"><path d="M0 0"/></svg>'
    picture = looked(tmp_path, raw, "quay.svg")
    assert bodies(tmp_path, picture) == {picture.asset: raw}
    assert picture.asset.endswith(".svg")
    assert developed(tmp_path, picture) == []


# Addresses --------------------------------------------------------------------------------------------


def test_nobody_can_tell_from_an_address_which_picture_it_is(tmp_path: Path) -> None:
    raw = photo(900, 600)
    picture = looked(tmp_path, raw)
    paths = [file.path for file in picture.files]
    assert len(set(paths)) == 4
    for path in paths:
        name, _, kind = path.removeprefix("assets/p/").partition(".")
        assert len(name) == 32
        assert kind in {"avif", "webp"}
        for known in (picture.digest, hashlib.sha256(raw).hexdigest(), "harbour-house", "quay"):
            assert known[:16] not in path
    other = Darkroom(tmp_path / "other", KeyRing(new_keys(now())).file_name)
    elsewhere = {file.path for file in other.addressed(picture, house="harbour-house").files}
    assert elsewhere.isdisjoint(paths), "another key ring, other addresses"
    neighbours = {file.path for file in looked(tmp_path, raw, house="net-loft").files}
    assert neighbours.isdisjoint(paths), "another house, other addresses"
    assert [file.path for file in looked(tmp_path, raw, "copy.jpg").files] == paths, "the same, the same"


# What is kept -----------------------------------------------------------------------------------------


def test_a_photograph_that_was_encoded_once_is_not_even_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = looked(tmp_path, photo(900, 600))
    first = developed(tmp_path, picture), bodies(tmp_path, picture)
    (tmp_path / "quay.jpg").unlink()

    def opened(*_: object) -> None:
        raise AssertionError("a kept picture was decoded")

    monkeypatch.setattr(module.pictures, "opened", opened)
    assert (developed(tmp_path, picture), bodies(tmp_path, picture)) == first
    with pytest.raises(AssertionError, match="was decoded"):
        bodies(tmp_path, looked_unread(tmp_path, picture))


def looked_unread(parent: Path, picture: Picture) -> Picture:
    """The same photograph as if it had never been encoded."""
    (parent / "quay.jpg").write_bytes(photo(900, 600))
    for kept in (parent / "data/pictures").iterdir():
        kept.unlink()
    return picture


@pytest.mark.parametrize("harm", ["cut", "emptied", "changed", "removed"])
def test_a_broken_file_of_the_cache_is_noticed_and_made_again(tmp_path: Path, harm: str) -> None:
    picture = looked(tmp_path, photo(900, 600))
    whole = bodies(tmp_path, picture)
    for kept in (tmp_path / "data/pictures").iterdir():
        body = kept.read_bytes()
        if harm == "removed":
            kept.unlink()
        else:
            changed = body[:-1] + bytes([body[-1] ^ 1])
            kept.write_bytes({"cut": body[:-7], "emptied": b"", "changed": changed}[harm])
    assert bodies(tmp_path, picture) == whole
    assert len(developed(tmp_path, picture)[0].placeholder) > 40


def test_nobody_else_on_the_machine_may_list_what_is_kept(tmp_path: Path) -> None:
    bodies(tmp_path, looked(tmp_path, photo()))
    assert (tmp_path / "data/pictures").stat().st_mode & 0o077 == 0


def test_a_disk_that_is_full_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/pictures").write_text("no folder")
    with pytest.raises(Outage, match="Encoded pictures cannot be kept in"):
        bodies(tmp_path, looked(tmp_path, photo()))


# Mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_that_was_cut_off_is_told_by_its_file(tmp_path: Path, kind: str) -> None:
    raw = photo(600, 400, kind=kind, grain=True)
    with pytest.raises(ContentError, match=r"This picture is damaged|This cannot be read as") as caught:
        developed(tmp_path, looked(tmp_path, raw[: len(raw) * 2 // 3]))
    assert "JPEG" in caught.value.hint


def test_a_picture_that_changes_while_it_is_published_is_asked_for_again(tmp_path: Path) -> None:
    picture = looked(tmp_path, photo())
    looked(tmp_path, photo(60, 20))
    with pytest.raises(Stale, match="changed while"):
        bodies(tmp_path, picture)
    (tmp_path / "quay.jpg").unlink()
    with pytest.raises(Stale, match="went away"):
        bodies(tmp_path, picture)


# Many -------------------------------------------------------------------------------------------------


def test_many_photographs_are_told_one_by_one_and_damaged_ones_do_not_hold_up_the_rest(
    tmp_path: Path,
) -> None:
    found = [looked(tmp_path, photo(60 + at, 40), f"{at}.jpg") for at in range(8)]
    broken = photo(600, 400, grain=True)
    found.append(looked(tmp_path, broken[: len(broken) // 2], "broken.jpg"))
    told: list[tuple[str, int, int]] = []
    outcomes = dict_of(
        room(tmp_path).develop(found, progress=lambda what, done, total: told.append((what, done, total)))
    )
    assert told == [("photos", done, 9) for done in range(1, 10)]
    assert isinstance(outcomes.pop("broken.jpg"), ContentError)
    assert all(str(outcome).startswith("data:") for outcome in outcomes.values())
    again: list[object] = []
    list(room(tmp_path).develop(found[:8], progress=lambda *step: again.append(step)))
    assert again == [], "what is ready is no work and shows none"


def dict_of(outcomes: Iterable[tuple[Picture, str | ContentError]]) -> dict[str, str | ContentError]:
    return {picture.name: outcome for picture, outcome in outcomes}


def test_as_many_photographs_are_in_hand_as_there_are_cores_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [looked(tmp_path, photo(60 + at, 40), f"{at}.jpg") for at in range(12)]
    lock, both = threading.Lock(), threading.Barrier(2, timeout=20)
    busy, most = 0, 0
    real = module._upright

    def counted(*given: object) -> Image.Image:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        both.wait()  # two are in hand at once, or this breaks
        try:
            return real(*given)  # type: ignore[arg-type]
        finally:
            with lock:
                busy -= 1

    monkeypatch.setattr(module, "_upright", counted)
    two = Darkroom(tmp_path / "data/pictures", RING.file_name, workers=2)
    assert len(list(two.develop(found, progress=lambda *_: None))) == 12
    assert most == 2
