"""A host's own stays: a CSV export goes to a folder, an iCal feed to S3, and every guest has a page."""

import os
from datetime import timedelta

import boto3
import pytest

from generator.importing import import_file
from guestlink import records
from guestlink.records import find_unit
from guestlink.settings import Settings
from tests.guest import open_page, through_gate
from tests.house import AT, BY, DOOR, from_folder, link_of, make_home, opened, run_publish, the_house
from tests.stories.test_s3 import fetch_from

EXPORT = """Buchungsnummer;Anreise;Abreise;Zimmer;Name;E-Mail;Sprache;Erwachsene
B-1;04.05.2026;07.05.2026;room-1;Ana Beispiel;ana@example.com;Deutsch;2
B-2;2026-05-05;2026-05-06;room-2;Tomás Ejemplo;tomas@example.com;es;1
B-3;06.05.2026;05.05.2026;room-2;Falsch Herum;;;1
"""

FEED = """BEGIN:VCALENDAR
PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN
VERSION:2.0
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260503
DTEND;VALUE=DATE:{until}
SUMMARY:Reserved
UID:1418fb94e984-stay@airbnb.com
DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/deta
 ils/HMPLANTED1\\nPhone Number (Last 4 Digits): 0123
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260510
DTEND;VALUE=DATE:20260512
SUMMARY:Airbnb (Not available)
UID:1418fb94e984-block@airbnb.com
END:VEVENT
END:VCALENDAR
"""


def take(settings: Settings, source, unit: str = ""):
    database, ring = opened(settings)
    house = the_house(database)
    with database.read() as db:
        room = find_unit(db, house, unit) if unit else None
    report = import_file(database, ring, str(source), house=house, unit=room, at=AT, by=BY)
    database.close()
    return report


def test_a_csv_export_becomes_pages_in_a_folder(tmp_path):
    settings = make_home(tmp_path)
    export = tmp_path / "export.csv"
    export.write_bytes(EXPORT.encode("cp1252"))
    report = take(settings, export)
    assert (report.added, report.bad) == (2, 1)
    assert report.bad_rows[0].line == 4
    run_publish(settings)
    ana = open_page(from_folder(settings), link_of(settings, "B-1"))
    assert "Ana" in ana.stay
    assert DOOR in ana.codes
    assert 'lang="de"' in ana.page
    assert "Tomás" in open_page(from_folder(settings), link_of(settings, "B-2")).stay
    assert take(settings, export).unchanged == 2
    assert sum(outcome.uploaded for outcome in run_publish(settings)) == 0


@pytest.fixture
def s3_settings(moto_server, tmp_path) -> Settings:
    bucket = f"feed-{os.urandom(4).hex()}"
    boto3.client("s3", endpoint_url=moto_server).create_bucket(Bucket=bucket)
    return make_home(tmp_path / "home", site_url=f"s3://{bucket}?region=us-east-1&endpoint={moto_server}")


def test_a_feed_becomes_pages_on_s3_and_its_changes_follow(s3_settings, tmp_path):
    feed = tmp_path / "airbnb.ics"
    feed.write_text(FEED.format(until="20260506"))
    report = take(s3_settings, feed, unit="room-1")
    assert (report.added, report.bad) == (1, 0)
    run_publish(s3_settings)
    link, fetch = link_of(s3_settings, "HMPLANTED1"), fetch_from(s3_settings)
    first = open_page(fetch, link)
    assert DOOR in first.codes

    feed.write_text(FEED.format(until="20260507"))
    assert take(s3_settings, feed, unit="room-1").changed == 1
    run_publish(s3_settings)
    longer = open_page(fetch, link)
    assert longer.stay != first.stay, "the sent link shows the extra night"

    feed.write_text(FEED.format(until="20260507").replace("UID:1418fb94e984-stay", "UID:another"))
    run_publish(s3_settings, at=AT + timedelta(minutes=1))
    assert through_gate(fetch, link).startswith("/w/_/"), (
        "a stay that vanished is only proposed for cancellation"
    )


def test_a_vanished_stay_is_proposed_and_its_page_stays(s3_settings, tmp_path):
    feed = tmp_path / "airbnb.ics"
    stay = FEED.format(until="20260506")
    event = stay[stay.index("BEGIN:VEVENT") : stay.index("END:VEVENT") + len("END:VEVENT\n")]
    more = "".join(
        event.replace("1418fb94e984-stay", f"later-{month}")
        .replace("202605", f"2026{month:02}")
        .replace("TED1", f"TED{month}")
        for month in range(6, 9)
    )
    feed.write_text(stay.replace("END:VCALENDAR", more + "END:VCALENDAR"))
    assert take(s3_settings, feed, unit="room-1").added == 4
    run_publish(s3_settings)
    feed.write_text(stay.replace(event, "").replace("END:VCALENDAR", more + "END:VCALENDAR"))
    assert take(s3_settings, feed, unit="room-1").proposed_cancelled == 1
    run_publish(s3_settings)
    assert DOOR in open_page(fetch_from(s3_settings), link_of(s3_settings, "HMPLANTED1")).codes
    database, _ = opened(s3_settings)
    with database.read() as db:
        assert records.find_stay(db, "HMPLANTED1").status == "proposed_cancelled"
    database.close()
