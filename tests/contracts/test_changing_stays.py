"""Stays that change, by command, API, import and accepted request alike: the sent link goes on, the page and
whoever plans by the journal follow, and an overlap is refused with both names and nothing written.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar.testing import TestClient

from edge_api import tokens
from edge_api.app import create_app
from generator.commands import stays as stay_command
from generator.importing import import_file
from guestlink import journal, records, zones
from guestlink.crypto import write_keys
from guestlink.errors import Refused
from guestlink.records import Stay
from guestlink.settings import load_settings, save_setting
from guestlink.terminal import Desk as Terminal
from tests.databases import AT, BY, FRIDAY, TOMAS, Inn, Place
from tests.desk import Desk

DAY = timedelta(days=1)
HEAD = "reference,arrival,departure,unit,status,group,check out time"
Room = tuple[str, int, int]  # a room, from and until which day of the stay
Told = Callable[[date], Any]


class Change(NamedTuple):
    """What one change is by each way, given the day of arrival, and what becomes of the stay."""

    ways: Mapping[str, Told]
    rooms: tuple[Room, ...] = (("room-1", 0, 2),)
    fields: Mapping[str, object] = {}
    is_off_before: bool = False


def row(**told: str) -> Told:
    """A row of a host's file, as it tells of Ana in room-1 for two nights, and what else it tells."""
    nights, unit = int(told.pop("nights", "2")), told.pop("unit", "room-1")
    rest = [told.get(name, "") for name in ("status", "group", "check_out")]
    return lambda on: ["{reference}", str(on), str(on + nights * DAY), unit, *rest]


def command(*words: str) -> Told:
    """Words of `stay set`; `+3` is the third day after the arrival."""
    return lambda on: [_dated(word, on) for word in words]


def _dated(word: str, on: date) -> str:
    before, mark, days = word.rpartition("+")
    return f"{before}{on + int(days) * DAY}" if mark else word


def nights(*rooms: Room) -> Told:
    """What a program sends as `nights`."""
    return lambda on: {
        "nights": [
            {"unit": room, "from_on": str(on + first * DAY), "until_on": str(on + last * DAY)}
            for room, first, last in rooms
        ]
    }


def api(**fields: object) -> Told:
    return lambda _: fields


def request(service: str) -> Told:
    return lambda _: service


LONGER, SHORTER = (("room-1", 0, 3),), (("room-1", 0, 1),)
OTHER, MOVED = (("room-2", 0, 2),), (("room-1", 0, 1), ("room-2", 1, 2))
CHANGES = {
    "one night more": Change(
        {
            "command": command("--departure", "+3"),
            "api": nights(*LONGER),
            "import": row(nights="3"),
            "request": request("extra-night"),
        },
        rooms=LONGER,
    ),
    "one night less": Change(
        {"command": command("--departure", "+1"), "api": nights(*SHORTER), "import": row(nights="1")},
        rooms=SHORTER,
    ),
    "another room": Change(
        {"command": command("--unit", "room-2"), "api": nights(*OTHER), "import": row(unit="room-2")},
        rooms=OTHER,
    ),
    "another room from the second night on": Change(
        {"command": command("--move", "room-2 from +1"), "api": nights(*MOVED)}, rooms=MOVED
    ),
    "a later check-out": Change(
        {
            "command": command("--check-out", "14:00"),
            "api": api(check_out="14:00"),
            "import": row(check_out="14:00"),
            "request": request("late-checkout"),
        },
        fields={"check_out": "14:00"},
    ),
    "two rooms become a party": Change(
        {"command": command("--party", "CHOIR"), "api": api(party="CHOIR"), "import": row(group="CHOIR")},
        fields={"party": "CHOIR"},
    ),
    "cancelled": Change(
        {
            "command": command("--status", "cancelled"),
            "api": api(status="cancelled"),
            "import": row(status="cancelled"),
        },
        fields={"status": "cancelled"},
    ),
    "booked again": Change(
        {
            "command": command("--status", "confirmed"),
            "api": api(status="confirmed"),
            "import": row(status="confirmed"),
        },
        fields={"status": "confirmed"},
        is_off_before=True,
    ),
    "nobody came": Change(
        {
            "command": command("--status", "no-show"),
            "api": api(status="no_show"),
            "import": row(status="no-show"),
        },
        fields={"status": "no_show"},
    ),
}


class House:
    """The inn as a host, a program and a guest reach it; each way is one call."""

    def __init__(self, inn: Inn, home: Path, url: str) -> None:
        self.inn = inn
        self.desk = Desk(inn)
        settings = save_setting(load_settings(home, {}), database_url=url)
        write_keys(settings.keys_file, inn.ring.stored)
        self.home = home
        with inn.database.write() as tx:
            named = {"name": "desk", "role": "manager", "house": inn.house}
            self._token = tokens.make_token(tx, **named, at=AT, by=BY)
        self.client = TestClient(create_app(settings, at=lambda: AT))

    def go(self, way: str, stay: Stay, told: Any) -> None:
        """Refused is raised, whatever the way."""
        getattr(self, f"by_{way}")(stay, told)

    def by_command(self, stay: Stay, words: list[str]) -> None:
        parser, terminal = argparse.ArgumentParser(), Terminal(self.home)
        stay_command.configure(parser)
        try:
            stay_command.run(parser.parse_args(["set", stay.code, *words]), terminal)
        finally:
            terminal.database.close()

    def by_api(self, stay: Stay, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self.client.patch(f"/api/house/stays/{stay.id}", headers=headers, json=body)
        if answer.status_code == 409:
            raise Refused(answer.json()["detail"])
        assert answer.status_code == 200, answer.text

    def by_import(self, stay: Stay, cells: list[str]) -> None:
        file = self.home / "stays.csv"
        line = ",".join(cells).format(reference=stay.reference)
        file.write_text(f"{HEAD}\n{line}\n", "utf-8")
        inn = self.inn
        report = import_file(
            inn.database, inn.ring, str(file), house=inn.house, at=AT, by=BY, source_name="file"
        )
        for bad in report.bad_rows:
            raise Refused(bad.reason)
        assert report.changed == 1, report

    def by_request(self, stay: Stay, service: str) -> None:
        at = self.noon(stay)
        asked = self.desk.ask(stay, service, at=at).request
        self.desk.answer(asked, at=at)

    def noon(self, stay: Stay) -> datetime:
        """Of the day before departure: the guest is in the house."""
        return zones.local_instant(stay.until_on - DAY, time(12), self.inn.house.zone)

    # -- what is known ---------------------------------------------------------------------------------
    def links(self, stay: Stay) -> list[tuple[str, int, object]]:
        return [(link.slug, link.generation, link.replaced_at) for link in self.inn.links(stay)]

    def rooms(self, stay: Stay) -> list[tuple[str | None, date, date]]:
        return [(part.unit, part.from_on, part.until_on) for part in self.inn.periods(stay)]

    def events(self, stay: Stay) -> list[str]:
        with self.inn.database.read() as db:
            return [entry.kind for entry in journal.load(db, f"stay:{stay.id}")]

    def party(self, stay: Stay) -> str:
        with self.inn.database.read() as db:
            found = db.one("party_by_id", id=stay.party_id) if stay.party_id else None
        return str(found["reference"]) if found else ""

    def everything(self) -> list[object]:
        """All stays with their nights, and how far the journal is."""
        with self.inn.database.read() as db:
            every = db.all("stays_of_property", property_id=self.inn.house.id)
            parts = [db.all("periods_of_stay", stay_id=each["id"]) for each in every]
            return [every, parts, db.one("journal_head")]


@pytest.fixture
def house(inn: Inn, place: Place) -> Iterator[House]:
    (place.home / "data").mkdir(exist_ok=True)
    made = House(inn, place.home, place.url)
    with made.client:
        yield made


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_by_every_way(house: House, name: str) -> None:
    change, inn = CHANGES[name], house.inn
    for weeks, (way, told) in enumerate(change.ways.items()):
        on = FRIDAY + 7 * weeks * DAY
        stay = inn.add(f"ANA-{weeks}", inn.period(on=on), source="file")
        if change.is_off_before:
            stay = inn.change(stay, status="cancelled")
        inn.empty_queue()
        links, before = house.links(stay), house.events(stay)
        house.go(way, stay, told(on))
        after = inn.stay(stay.id)
        assert house.links(after) == links, f"{way}: the sent link goes on"
        wanted = [(room, on + first * DAY, on + last * DAY) for room, first, last in change.rooms]
        assert house.rooms(after) == wanted, way
        known = {"party": house.party(after), "status": after.status, "check_out": after.check_out}
        assert known == {"party": "", "status": "confirmed", "check_out": "", **change.fields}, way
        assert after.version == stay.version + 1, way
        assert house.events(after) == [*before, "stay-changed"], way
        assert {rebuild.stay_id for rebuild in inn.queue()} & {stay.id, ""}, f"{way}: the page follows"


def test_two_stays_of_one_party_know_it_by_every_way(house: House) -> None:
    inn = house.inn
    parties = set()
    for number, (way, told) in enumerate(CHANGES["two rooms become a party"].ways.items()):
        stay = inn.add(f"ANA-{number}", inn.period(f"room-{number + 1}"), source="file")
        cells = told(FRIDAY)
        if way == "import":
            cells[3] = f"room-{number + 1}"
        house.go(way, stay, cells)
        parties.add(inn.stay(stay.id).party_id)
    assert len(parties) == 1
    house.go("api", stay, {"party": ""})
    assert inn.stay(stay.id).party_id is None


@pytest.mark.parametrize("way", ["command", "api", "import", "request"])
def test_an_overlap_is_refused_with_both_names_and_nothing_is_written(house: House, way: str) -> None:
    inn = house.inn
    stay = inn.add("ANA", inn.period(), source="file")
    if way == "request":
        inn.add("TOMAS", inn.period(on=FRIDAY + 2 * DAY), guest=TOMAS)
        at = house.noon(stay)
        asked = house.desk.ask(stay, "extra-night", at=at).request
        before = house.everything()
        with pytest.raises(Refused) as caught:
            house.desk.answer(asked, at=at)
    else:
        inn.add("TOMAS", inn.period("room-2"), guest=TOMAS)
        before = house.everything()
        with pytest.raises(Refused) as caught:
            house.go(way, stay, CHANGES["another room"].ways[way](FRIDAY))
    assert "by TOMAS, so ANA cannot have it" in str(caught.value)
    assert house.everything() == before


def test_a_returning_guest_is_one_person_by_every_way(house: House) -> None:
    inn = house.inn
    first = inn.guests(inn.add("ANA", source="file"))[0]
    person = {"name": "Ana Lindqvist", "email": "ana@example.com"}
    on = FRIDAY + 7 * DAY
    guest = ["--name", person["name"], "--email", person["email"], "--reference", "B", "--unit", "room-1"]
    words = ["add", "harbour-house", "--arrival", str(on), "--departure", str(on + DAY), *guest]
    parser, terminal = argparse.ArgumentParser(), Terminal(house.home)
    stay_command.configure(parser)
    stay_command.run(parser.parse_args(words), terminal)
    terminal.database.close()
    body = {"property": "harbour-house", "uid": "C", "reference": "C", "guest": person}
    headers = {"Authorization": f"Bearer {house._token}"}
    told = {**body, **nights(("room-2", 7, 8))(FRIDAY)}
    assert house.client.post("/api/house/stays", headers=headers, json=told).status_code == 201
    file = house.home / "more.csv"
    file.write_text(
        f"reference,arrival,departure,name,email\nD,{on},{on + DAY},{','.join(person.values())}\n"
    )
    import_file(inn.database, inn.ring, str(file), house=inn.house, at=AT, by=BY)
    assert {inn.guests(inn.stay(name))[0].id for name in "BCD"} == {first.id}
    with inn.database.read() as db:
        joined = db.all("links_to_publish", property_id=inn.house.id, ended_since="")
        assert len([row for row in joined if row["returning_guest"]]) == 3
        assert len(records.contacts(db, inn.stay("D"))) == 1


def test_companions_come_and_go_by_api_as_by_command(house: House) -> None:
    stay = house.inn.add("ANA", source="file")
    path, headers = f"/api/house/stays/{stay.id}", {"Authorization": f"Bearer {house._token}"}
    added = house.client.post(f"{path}/companions", headers=headers, json={"name": "Tomas Arrieta"})
    assert added.status_code == 201, added.text
    shown = house.client.get(path, headers=headers).json()["guests"]
    assert [(guest["role"], guest["name"]) for guest in shown][1:] == [("companion", "Tomas Arrieta")]
    links = house.client.get(f"{path}/links", headers=headers).json()["links"]
    assert len({link["link"] for link in links}) == len({link["guide_code"] for link in links}) == 2
    again = house.client.post(f"{path}/companions", headers=headers, json={"name": "tomas arrieta"})
    assert again.status_code == 409
    assert "Tomas" not in again.text
    for contact_id, status in ((shown[0]["contact_id"], 404), (shown[1]["contact_id"], 204)):
        gone = house.client.delete(f"{path}/companions/{contact_id}", headers=headers)
        assert gone.status_code == status, gone.text
    assert len(house.client.get(f"{path}/links", headers=headers).json()["links"]) == 1
