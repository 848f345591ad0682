"""Files that guests send: fetched once, sealed, opened by the house; what cannot be had stays aside."""

from pathlib import Path

import pytest

from edge_api import archive
from edge_api.outcomes import Fetched, NotSent, Unknown
from guestlink.errors import NotFound
from guestlink.records import Stay
from guestlink.storage import Folder
from tests.databases import Inn
from tests.desk import NOON
from tests.lobby import ANA, MIRA, STRANGER, Lobby, photo

PICTURE = b"\xff\xd8\xffplanted-bytes-of-a-photo"
KEPT = Fetched(body=PICTURE, media_type="image/jpeg", sha256="")


@pytest.fixture
def lobby(inn: Inn) -> Lobby:
    made = Lobby(inn)
    made.staff(MIRA)
    return made


@pytest.fixture
def stay(lobby: Lobby) -> Stay:
    return lobby.inn.add("ana")


@pytest.fixture
def shelf(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "media")


def message_of(lobby: Lobby, who: object = ANA) -> str:
    return next(each.id for each in lobby.thread(who) if each.kind == "image")


def test_a_photo_is_fetched_once_sealed_and_opened_again(lobby: Lobby, stay: Stay, shelf: Folder) -> None:
    asked: list[str] = []

    def fetch(media_id: str) -> Fetched:
        asked.append(media_id)
        return KEPT

    lobby.says(ANA, kind="image", media=photo())
    database, ring = lobby.inn.database, lobby.inn.ring
    assert archive.fetch_due(database, ring, shelf, fetch, at=NOON) == 1
    assert archive.fetch_due(database, ring, shelf, fetch, at=NOON) == 0
    assert asked == ["900"]
    message_id = message_of(lobby)
    assert PICTURE not in shelf.get(f"media/{message_id}").body
    with database.read() as db:
        assert archive.opened(db, ring, shelf, message_id) == (PICTURE, "image/jpeg", "")


def test_a_strangers_photo_opens_after_they_turned_out_to_be_the_guest(
    lobby: Lobby, stay: Stay, shelf: Folder
) -> None:
    database, ring = lobby.inn.database, lobby.inn.ring
    lobby.says(STRANGER, kind="image", media=photo())
    archive.fetch_due(database, ring, shelf, lambda _: KEPT, at=NOON)
    lobby.says(STRANGER, kind="image", media=photo())
    lobby.says(STRANGER, f"My booking word is {stay.code}.")
    lobby.taps(MIRA, "Yes, the guest")
    assert archive.fetch_due(database, ring, shelf, lambda _: KEPT, at=NOON) == 1
    with database.read() as db:
        for each in lobby.thread(STRANGER):
            if each.kind == "image":
                assert archive.opened(db, ring, shelf, each.id)[0] == PICTURE


def test_what_cannot_be_had_is_told_on_its_row_and_asked_for_no_more(
    lobby: Lobby, stay: Stay, shelf: Folder
) -> None:
    database, ring = lobby.inn.database, lobby.inn.ring
    lobby.says(ANA, kind="image", media=photo())
    archive.fetch_due(database, ring, shelf, lambda _: Unknown("cut off"), at=NOON)
    later = NOON + archive.LONGEST_WAIT
    assert archive.fetch_due(database, ring, shelf, lambda _: NotSent(131052), at=later) == 1
    assert archive.fetch_due(database, ring, shelf, lambda _: KEPT, at=later + archive.LONGEST_WAIT) == 0
    with database.read() as db, pytest.raises(NotFound):
        archive.opened(db, ring, shelf, message_of(lobby))
