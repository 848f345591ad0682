"""The import on both engines: a file and a feed, twice each."""

from pathlib import Path

from generator.importing import ImportReport, import_file
from tests.databases import AT, BY, Inn
from tests.generator.desk import RECORDED

ROWS = """reference,arrival,departure,unit,name,phone,group
HB-1042,2026-11-03,2026-11-05,room-1,Ana,+44 7700 900123,
HB-1043,2026-11-05,2026-11-07,room-1,Tomas,,Choir
HB-1044,2026-11-04,2026-11-06,room-1,Mira,,Choir
"""


def take(inn: Inn, source: Path, *, room: str = "", dry_run: bool = False) -> ImportReport:
    return import_file(
        inn.database,
        inn.ring,
        str(source),
        house=inn.house,
        unit=inn.unit(room) if room else None,
        at=AT,
        by=BY,
        dry_run=dry_run,
    )


def test_a_file_is_rehearsed_imported_changed_and_known_again(inn: Inn, tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text(ROWS, "utf-8")
    rehearsal = take(inn, path, dry_run=True)
    first = take(inn, path)
    assert (first.added, first.bad) == (rehearsal.added, rehearsal.bad) == (2, 1)
    taken = "room-1 is taken from 2026-11-03 until 2026-11-05 by HB-1042"
    assert first.bad_rows[0].reason == f"{taken}, so HB-1044 cannot have it"
    again = take(inn, path)
    assert (again.unchanged, again.added, again.changed, again.bad) == (2, 0, 0, 1)
    longer = ROWS.replace("2026-11-07,room-1", "2026-11-08,room-2").replace(",Ana,", ",Ana Pereira,")
    path.write_text(longer, "utf-8")
    assert take(inn, path).changes == [
        "stay HB-1042: guest's name changed",
        "stay HB-1043: departure 7 Nov -> 8 Nov, unit room-1 -> room-2",
    ]


def test_a_feed_proposes_and_restores(inn: Inn, tmp_path: Path) -> None:
    whole = (RECORDED / "airbnb.ics").read_text("utf-8").replace("DATE:2026", "DATE:2027")
    path = tmp_path / "feed.ics"
    events = whole.split("BEGIN:VEVENT")
    path.write_text(whole, "utf-8")
    assert take(inn, path, room="room-2").added == 3
    path.write_text("BEGIN:VEVENT".join([*events[:3], events[4]]), "utf-8")
    assert take(inn, path, room="room-2").proposed_cancelled == 1
    assert inn.stay("HMMIRA0003").status == "proposed_cancelled"
    path.write_text(whole, "utf-8")
    assert take(inn, path, room="room-2").restored == 1
    assert inn.stay("HMMIRA0003").status == "confirmed"
