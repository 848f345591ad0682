"""Private blocks that were made before are used again, and only those that would be made again just so."""

import dataclasses
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from generator.orders import Order
from generator.press import Press, open_press
from generator.publishing import publish, publish_property
from generator.targets import open_target
from guestlink import arrivals, houses, links, records, secret_values, stays
from guestlink.arrivals import ArrivalTold
from guestlink.contacts import Person
from guestlink.crypto import PageSeal
from guestlink.records import Property, Stay
from guestlink.settings import Settings
from tests.house import AT, BY, FILES, PICTURE, make_home, the_house, three_stays, write_files

PAGES = 7  # Ana's and Tomas' in English and German, Yuki's in Japanese, too
DAY = timedelta(days=1)
PRIVATE = {
    "pictures/private/box.svg": PICTURE.replace("40", "41"),
    "pictures/private/key.svg": PICTURE.replace("40", "42"),
}


class Place:
    """A house that publishes into one fresh folder after the other."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.press = open_press(settings)
        self.sealed = settings.path("data/sealed")
        self._folders = count()

    def anew(self, press: Press | None = None, *, at: datetime = AT) -> dict[str, bytes]:
        """All that the house has, put into a fresh folder: path -> bytes."""
        folder = f"data/sites/{next(self._folders)}"
        target = open_target(msgspec.structs.replace(self.settings, site_url=f"file:{folder}"))
        mine = dataclasses.replace(press or self.press, target=target)
        assert publish_property(mine, the_house(mine.database), Order(), at=at).error is None
        root = self.settings.path(folder)
        files = (file for file in root.rglob("*") if file.is_file() and not file.name.startswith("."))
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in files}

    def without_kept(self, press: Press | None = None, *, at: datetime = AT) -> dict[str, bytes]:
        shutil.rmtree(self.sealed)
        return self.anew(press, at=at)

    def stay(self, reference: str, **changes: Any) -> Stay:
        with self.press.database.write() as tx:
            house, stay = records.find_property(tx, "planted"), records.find_stay(tx, reference)
            return stays.change_stay(tx, self.press.ring, house, stay, at=AT, by=BY, **changes)

    def later(self, reference: str, days: int) -> Stay:
        with self.press.database.read() as db:
            *first, last = records.periods(db, records.find_stay(db, reference))
        moved = msgspec.structs.replace(last, until_on=last.until_on + days * DAY)
        return self.stay(reference, new_periods=(*first, moved))

    def house(self, **changes: str) -> Property:
        with self.press.database.write() as tx:
            return houses.change_property(tx, records.find_property(tx, "planted"), at=AT, by=BY, **changes)

    def code(self, **scope: Any) -> None:
        with self.press.database.write() as tx:
            house = records.find_property(tx, "planted")
            told: dict[str, Any] = {
                "name": "door-code",
                "value": "new-code",
                "at": AT - DAY,
                "by": BY,
                **scope,
            }
            secret_values.set_secret(tx, self.press.ring, house, **told)

    def word(self) -> None:
        with self.press.database.write() as tx:
            house, stay = records.find_property(tx, "planted"), records.find_stay(tx, "ANA")
            told, contact = ArrivalTold(word="marmalade"), records.contacts(tx, stay)[0]
            arrivals.tell_arrival(
                tx, self.press.ring, house, stay=stay, contact=contact, told=told, at=AT, by=BY
            )

    def link(self) -> None:
        with self.press.database.write() as tx:
            house, stay = records.find_property(tx, "planted"), records.find_stay(tx, "ANA")
            stays.renew_link(tx, self.press.ring, house, records.stay_links(tx, stay)[0], at=AT, by=BY)

    def text(self, name: str, old: str, new: str) -> None:
        file = self.settings.content_folder / "planted" / name
        text = file.read_text("utf-8") if file.exists() else old
        assert old in text
        write_files(self.settings, {name: text.replace(old, new)})


@contextmanager
def made(home: Path) -> Iterator[Place]:
    settings = make_home(home)
    three_stays(settings)
    write_files(settings, PRIVATE)
    found = Place(settings)
    yield found
    found.press.database.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with made(tmp_path / "home") as found:
        yield found


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One house for many changes, each made to what the last one left in its records."""
    with made(tmp_path_factory.mktemp("kept")) as found:
        yield found


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something was sealed and signed."""
    done: Counter[str] = Counter()

    def counted(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def call(*args: object, **named: object) -> object:
            done[name] += 1
            return real(*args, **named)

        monkeypatch.setattr(owner, name, call)

    counted(PageSeal, "seal")
    counted(PageSeal, "__init__")
    counted(links, "signed_query")
    return done


# -- used again --------------------------------------------------------------------------------------
def test_a_second_folder_gets_the_same_bytes_and_nothing_is_sealed_or_signed(
    place: Place, work: Counter[str]
) -> None:
    first = place.anew()
    assert work["signed_query"] == 3
    assert work["seal"] > PAGES
    work.clear()
    assert place.anew() == first
    assert place.anew(open_press(place.settings)) == first
    assert not work


def test_a_text_for_everybody_is_edited_without_opening_what_is_private(
    place: Place, work: Counter[str]
) -> None:
    place.anew()
    work.clear()
    place.text("sections/wifi.en.md", "Use", "Please use")
    edited = place.anew()
    assert not work
    assert any(b"Please use" in body for path, body in edited.items() if path.endswith("/en.html"))
    assert place.without_kept() == edited


def test_what_changes_no_address_is_sealed_and_not_signed_anew(place: Place, work: Counter[str]) -> None:
    place.anew()
    work.clear()
    place.stay("TOMAS", expected_arrival="21:00")
    after = place.anew()
    assert work["seal"]
    assert not work["signed_query"]
    assert place.without_kept() == after


def test_a_stay_of_another_month_is_signed_anew(place: Place, work: Counter[str]) -> None:
    place.anew()
    work.clear()
    place.later("TOMAS", days=62)
    after = place.anew()
    assert work["signed_query"] == 1
    assert place.without_kept() == after


# -- never used when anything else would be made -----------------------------------------------------
SEALED: dict[str, Callable[[Place], object]] = {
    "a name": lambda place: place.stay("ANA", guest=Person(name="Dora Teststone")),
    "a time of arrival": lambda place: place.stay("TOMAS", expected_arrival="21:00"),
    "a time of departure": lambda place: place.stay("ANA", check_out="12:00"),
    "a room that is ready": lambda place: place.stay("TOMAS", ready_at=AT),
    "the source of a booking": lambda place: place.text(
        "property.md", "updated", "whatsapp: +44 7700 900900\nupdated"
    ),
    "a guest's word": Place.word,
    "a code": Place.code,
    "a guest's link": Place.link,
    "times of the house": lambda place: place.house(check_out="10:30"),
    "the name of the house": lambda place: place.text("property.md", "Planted House", "Sown House"),
    "the phone of the house": lambda place: place.text("property.md", "960100", "960199"),
    "the network": lambda place: place.text("property.md", "PlantedHouse", "OtherNetwork"),
    "rules of a code": lambda place: place.text("property.md", "door-code | 48", "door-code | 12"),
    "a secret without a value": lambda place: place.text(
        "property.md",
        "wifi-password | 48 hours before arrival",
        "wifi-password | 48 hours before arrival\n         key-box | on booking",
    ),
    "a sealed section": lambda place: place.text("sections/attic.en.md", "head", "feet"),
    "who sees a section": lambda place: place.text(
        "sections/wifi.en.md", "order: 2", "order: 2\nunits: room-1"
    ),
    "the place of a clear section": lambda place: place.text("sections/wifi.en.md", "order: 2", "order: 9"),
    "when a section leads": lambda place: place.text("sections/wifi.en.md", "in_house", "arriving"),
    "a private picture in a clear section": lambda place: place.text(
        "sections/wifi.en.md", "Use", "![Box](private/box.svg) Use"
    ),
    "a private picture above a clear section": lambda place: place.text(
        "sections/door.en.md", "picture: door.svg", "picture: private/key.svg"
    ),
    "a sealed notice": lambda place: write_files(
        place.settings,
        {
            "notices/wet.en.md": "---\ntitle: Wet paint\nfrom: 2026-05-01\nuntil: 2026-05-09\n"
            "units: room-1\nupdated: 2026-01-01\n---\nMind the wall.\n"
        },
    ),
}


@pytest.mark.parametrize("what", SEALED)
def test_one_change_gives_the_bytes_that_a_house_without_kept_blocks_would_give(
    changing: Place, work: Counter[str], what: str
) -> None:
    shutil.rmtree(changing.settings.content_folder)
    write_files(changing.settings, FILES | PRIVATE)
    before = changing.anew()
    work.clear()
    SEALED[what](changing)
    after = changing.anew()
    assert after != before
    assert work["seal"]
    assert changing.without_kept() == after


def test_a_phase_that_begins_and_a_code_that_ends_are_not_taken_from_what_is_kept(place: Place) -> None:
    place.anew()
    for days in range(1, 4):
        later = AT + days * DAY
        assert place.anew(at=later) == place.without_kept(at=later)


@pytest.mark.parametrize(
    "changed", [{"build": "another program"}, {"public_url": "http://elsewhere.example"}], ids=str
)
def test_another_program_or_address_seals_and_signs_anew(
    place: Place, work: Counter[str], changed: dict[str, str]
) -> None:
    place.anew()
    press = dataclasses.replace(place.press, site=msgspec.structs.replace(place.press.site, **changed))
    work.clear()
    after = place.anew(press)
    assert work["signed_query"] == 3
    assert place.without_kept(press) == after


def test_a_backup_brought_back_is_not_shown_with_what_came_after_it(place: Place) -> None:
    place.press.database.close()
    file = place.settings.path("data/guestlink.db")
    backup = file.read_bytes()
    names = ["Berta Teststone", "Clara Teststone"]
    shown = []
    for name in names:
        file.write_bytes(backup)
        place.press = open_press(place.settings)
        place.stay("ANA", guest=Person(name=name))  # version 2 of the contact, both times
        shown.append(place.anew())
        assert place.without_kept() == shown[-1]
        place.anew()
        place.press.database.close()
    assert shown[0] != shown[1]


# -- gone with its page ------------------------------------------------------------------------------
def slugs(place: Place, reference: str) -> list[bytes]:
    with place.press.database.read() as db:
        return [link.slug.encode() for link in records.stay_links(db, records.find_stay(db, reference))]


@pytest.mark.parametrize("only_stay", [True, False])
@pytest.mark.parametrize("how", ["replaced", "cancelled", "expired"])
def test_blocks_leave_with_their_page(place: Place, how: str, only_stay: bool) -> None:
    (old,) = slugs(place, "ANA")
    publish(place.press, Order(), at=AT)
    kept = place.sealed / "planted"
    assert old in kept.read_bytes()
    if how == "replaced":
        place.link()
    elif how == "cancelled":
        place.stay("ANA", status="cancelled")
    at = AT + 70 * DAY if how == "expired" else AT
    with place.press.database.read() as db:
        stay = records.find_stay(db, "ANA").id
    order = Order(only_property="planted", only_stay=stay) if only_stay else Order()
    publish(place.press, order, at=at)
    assert old not in kept.read_bytes()
    assert (b"/en.html" in kept.read_bytes()) == (how != "expired" or only_stay)


def test_what_is_kept_is_as_private_as_the_site(place: Place) -> None:
    place.anew()
    kept = (place.sealed / "planted").read_bytes()
    site = b"".join(place.anew().values())
    for secret in (b"Anaplanted", b"Zq7door", b"Wv9wifi", b"Planted Quay", b"Tomas"):
        assert secret not in kept
        assert secret not in site
