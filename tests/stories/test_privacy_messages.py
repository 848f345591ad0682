"""What guests and staff write on WhatsApp is readable in no file of ours: whole processes, real pywa."""

import base64
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from guestlink.contacts import Person
from guestlink.settings import Settings
from tests.guest import split
from tests.house import PLANTED, link_of
from tests.town import ANA, TOKEN, Town, town, until

GUEST = Person(name="Anaplover Lindqvistplover", phone=ANA.phone, email="anaplover@example.com")
PHOTO = b"\xff\xd8\xff\xe0" + b"photoplover" * 400 + b"\xff\xd9"
SAID = ("smellplover", "captionplover", "replyplover", "strangerplover", "noteplover", "reasonplover")
STAFF = ("Miraplover", "miraplover@example.com")
NUMBERS = ("7700900101", "7700 900101", "7700900201", "7700 900201", "7700900999", "7700 900999")
OURS_TO_READ = {"keyring.json", "guestlink.toml"}  # for the owner's eyes only
FOREIGN = {"sandbox.log"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path / "home") as made:
        made.stay(guest=GUEST)
        made.publish()
        made.say(
            *("staff", "add", f"{STAFF[0]} Holm", "--phone", "+44 7700 900201", "--email", STAFF[1]),
            *("--property", "planted"),
        )
        made.start("sandbox", "serve")
        made.say("templates", "submit")
        made.start("work")
        made.has_templates()
        yield made


def talk(here: Town) -> None:
    """A request, a refusal with a reason, words, a photo, a stranger, somebody known by a user id alone."""
    here.writes("ana", "late check-out please noteplover")
    here.sees("mira", "Late check-out")
    here.taps("mira", "Decline")
    _reply(here, "mira", "why not?", "reasonplover")
    here.sees("ana", "reasonplover")
    here.writes("ana", "There is a smellplover in the corridor")
    here.sees("mira", "smellplover")
    _reply(here, "mira", "smellplover", "replyplover")
    here.sees("ana", "replyplover")
    kept = here.phone.post(
        "/sandbox/media", content=PHOTO, headers={"content-type": "image/jpeg"}, params={"filename": "p.jpg"}
    ).json()
    _post(here, "ana", {"type": "image", "media": kept["id"], "caption": "captionplover"})
    here.sees("mira", "captionplover")
    here.phone.post(
        "/sandbox/people", json={"name": "Otherplover", "phone": "+44 7700 900999", "role": "guest"}
    )
    here.writes("otherplover", "Good day, strangerplover")
    here.sees("mira", "strangerplover")
    here.writes("tomas", "strangerplover, too")
    here.sees("tomas", "do not know this number")
    media = here.settings.path("data") / "media"
    until(lambda: any(path.is_file() for path in media.rglob("*")), "the photo is kept")


def test_words_names_numbers_files_and_ids_of_messages_are_readable_nowhere(here: Town) -> None:
    talk(here)
    people = ("ana", "mira", "otherplover", "tomas")
    wamids = [bubble["id"] for who in people for bubble in here.chat(who)]
    ids = [each["user_id"] for each in here.phone.get("/sandbox/people").json() if each["id"] in people]
    link = link_of(here.settings, "ANA")
    words = [*SAID, *STAFF, *NUMBERS, *PLANTED, *wamids, *ids, "plover", link.partition("#")[2], TOKEN]
    words += [base64.b64encode(b"447700900101").decode()[:14], split(link)[1].hex()]
    here.end()
    assert len(wamids) > 12
    assert readable(here.settings, words) == []
    with sqlite3.connect(here.settings.path("data") / "guestlink.db") as database:
        database.execute("pragma wal_checkpoint(truncate)")
    database.close()
    assert readable(here.settings, words) == []
    _control(here.settings)


def _control(settings: Settings) -> None:
    """The same search finds what is there: words of the database, and what a careless log would say."""
    assert readable(settings, ["request-declined"]) == ["guestlink.db: request-declined"]
    data, home = settings.path("data"), Path(settings.home)
    (kept,) = [path for path in (data / "media").rglob("*") if path.is_file()]
    with kept.open("ab") as photo, (home / "work.log").open("ab") as log:
        photo.write(PHOTO)
        log.write(b"heard from +44 7700 900101")
    assert readable(settings, ["photoplover", "7700 900101"]) == [
        f"{kept.name}: photoplover",
        "work.log: 7700 900101",
    ]


def readable(settings: Settings, words: Iterable[str]) -> list[str]:
    """Files of ours (database, site, media, logs) and words that stand in them."""
    home, sought = Path(settings.home), sorted(set(words))
    files = [*home.glob("*.log"), *settings.path("data").rglob("*")]
    found = []
    for path in files:
        if path.is_file() and path.name not in OURS_TO_READ | FOREIGN:
            body = path.read_bytes()
            found += [f"{path.name}: {word}" for word in sought if word.encode() in body]
    return sorted(found)


def _post(here: Town, who: str, said: dict[str, str]) -> None:
    answer = here.phone.post(f"/sandbox/people/{who}/messages", json=said)
    assert answer.is_success, answer.text


def _reply(here: Town, who: str, to: str, text: str) -> None:
    answered = here.sees(who, to)
    _post(here, who, {"type": "text", "text": text, "answers": answered["id"]})
