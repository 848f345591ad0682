"""Stays from a host's export or a channel's feed: read, understand, compare, write, propose, report.

Importing twice changes nothing, a bad row spoils no other, a bad detail no stay, and no stay is ever deleted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from generator.intake import entries
from generator.intake.differences import Difference
from generator.intake.downloads import download
from generator.intake.entries import DEFAULT_SOURCE, GONE_MARK, BadRow, Context
from generator.intake.feeds import Feed
from generator.intake.ledgers import Book, Ledger, Rehearsal
from generator.intake.reports import ImportReport, counted
from generator.intake.runs import BATCH, Run, Told
from generator.intake.sheets import Sheet
from generator.intake.tables import Table
from generator.intake.texts import encoding_of
from guestlink.crypto import KeyRing
from guestlink.database import Database
from guestlink.errors import InvalidInput
from guestlink.records import Property, Stay, Unit, shaped_all, units
from guestlink.zones import local_date

__all__ = ["BadRow", "ImportReport", "import_file"]

FEED_SUFFIXES = frozenset({".ics", ".ical", ".ifb", ".icalendar"})
MOST_NAMED = 10
VANISHED = Difference(fields={"status": "proposed_cancelled"}, words=("no longer in the feed",))


def import_file(
    database: Database,
    ring: KeyRing,
    source: str,
    *,
    house: Property,
    at: datetime,
    by: str,
    unit: Unit | None = None,
    mapping: Mapping[str, str] | None = None,
    source_name: str = "",
    dry_run: bool = False,
    takes_losses: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
    fetch: Callable[[str], bytes] = download,
) -> ImportReport:
    """Imports a file of rows or an iCal feed (a file or an https address) into one property.

    `mapping` (field -> column) overrules what headings seem to mean, `source_name` where stays seem to come
    from. `unit` is where stays go that name none. `takes_losses` believes a feed that is empty or has lost
    most of its stays. A GuestLinkError says that nothing of it can be read; what single rows fail to tell is
    in the report. `progress` hears how many rows are done, `fetch` stands in for the network.
    """
    context = _context(database, ring, house, unit=unit, name=source_name)
    book = Rehearsal(database) if dry_run else Ledger(database, context, at=at, by=by)
    report = ImportReport(source=context.source, is_dry_run=dry_run)
    today = local_date(at, house.zone)
    run = Run(database, book, context, report, year=today.year)
    if (text := _feed_text(source, fetch)) is None:
        sheet = Sheet(Table(Path(source).expanduser()), context, mapping or {})
        report.mapping, report.notes = sheet.mapping, sheet.notes
        report.source = context.source or ("" if "source" in sheet.mapping else DEFAULT_SOURCE)
        _take(run, sheet.entries(), progress)
        report.notes += _no_stays(run, "row", "rows")
    else:
        feed = Feed(text, context, name=_shown(source))
        report.source, report.notes = feed.source, feed.notes
        _take(run, feed.told, progress)
        report.notes += _no_stays(run, "event", "events")
        lost = _lost(run, feed, database=database, today=today)
        _propose(run, feed, lost, book=book, takes_losses=takes_losses)
    report.notes += _notes(run)
    return report


def _context(database: Database, ring: KeyRing, house: Property, *, unit: Unit | None, name: str) -> Context:
    """A property with one unit needs no word about where its stays go."""
    with database.read() as db:
        rooms = tuple(units(db, house))
    only = rooms[0] if len(rooms) == 1 else None
    source = entries.source_name(name) if name else ""
    return Context(ring=ring, house=house, units=rooms, unit=unit or only, source=source)


def _feed_text(source: str, fetch: Callable[[str], bytes]) -> str | None:
    """The feed's text, or None when the source is a file of rows."""
    if "://" in source:
        return _decoded(fetch(source))
    path = Path(source).expanduser()
    encoding = encoding_of(path)
    with path.open(encoding=encoding.name) as file:
        is_feed = path.suffix.lower() in FEED_SUFFIXES or file.read(64).lstrip().startswith("BEGIN:VCALENDAR")
        file.seek(0)
        return file.read() if is_feed else None


def _decoded(body: bytes) -> str:
    if not body.strip():
        raise InvalidInput(
            "The address gives an empty answer.", hint="Copy it anew from the calendar's export page."
        )
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _shown(source: str) -> str:
    """A file's name or an address's machine: the rest of an address is secret."""
    return urlsplit(source).hostname or "The address" if "://" in source else Path(source).name


def _take(run: Run, told: Iterable[Told], progress: Callable[[int], None]) -> None:
    rows, done = iter(told), 0
    while batch := list(islice(rows, BATCH)):
        run.take(batch)
        done += len(batch)
        progress(done)
    run.finish()


# -- what a feed no longer tells -------------------------------------------------------------------
class Lost(NamedTuple):
    """Stays of a feed that have not ended and are gone from it, of how many that it is known for."""

    stays: list[Stay]
    known: int

    @property
    def in_words(self) -> str:
        return f"{len(self.stays)} of {self.known} stays" if self.known > 1 else "its only stay"


def _lost(run: Run, feed: Feed, *, database: Database, today: date) -> Lost:
    """A stay that somebody confirmed although it was gone is no longer missed."""
    house_id = run.context.house.id
    with database.read() as db:
        rows = db.all("stays_of_source", property_id=house_id, source=feed.source, today=today.isoformat())
    of_feed = [
        stay
        for stay in shaped_all(rows, Stay)
        if stay.imported.endswith(feed.mark)
        or (stay.status == "proposed_cancelled" and stay.imported.endswith(feed.mark + GONE_MARK))
    ]
    gone = [stay for stay in of_feed if stay.id not in run.touched and stay.source_uid not in feed.kept]
    return Lost(gone, len(of_feed))


def _propose(run: Run, feed: Feed, lost: Lost, *, book: Book, takes_losses: bool) -> None:
    """Proposes to cancel what is lost, if at most half is.

    A feed that is empty, breaks off or loses more is more likely broken than right.
    """
    report = run.report
    fresh = [stay for stay in lost.stays if stay.status == "confirmed"]
    if lost.stays and not feed.is_whole:
        withheld = "the feed breaks off or cannot all be read"
    elif takes_losses:
        withheld = ""
    elif feed.is_empty:
        withheld = "the feed is empty"
    elif len(lost.stays) * 2 > lost.known:
        withheld = f"the feed lost {lost.in_words}"
    else:
        withheld = ""
    if withheld:
        report.notes.append(f"{withheld}: nothing is proposed")
        report.withheld = withheld if fresh else ""
    else:
        _propose_each(fresh, report, book)


def _propose_each(lost: Sequence[Stay], report: ImportReport, book: Book) -> None:
    for start in range(0, len(lost), BATCH):
        batch = lost[start : start + BATCH]
        with book.batch():
            for stay in batch:
                book.change(stay, VANISHED, imported=stay.imported + GONE_MARK, why="no longer in the feed")
        for stay in batch:
            report.proposed_cancelled += 1
            report.tell(f"stay {stay.reference}: {VANISHED.words[0]}, proposed for cancellation")


def _no_stays(run: Run, one: str, many: str) -> list[str]:
    notes = []
    for why, lines in run.no_stays.items():
        told = counted(len(lines), f"{one} is no stay", f"{many} are no stays")
        notes.append(f"{told} ({why}): {_lines(lines)}")
    return notes


def _lines(lines: Sequence[int]) -> str:
    named = ", ".join(map(str, lines[:MOST_NAMED]))
    more = f" and {len(lines) - MOST_NAMED:,} more" if len(lines) > MOST_NAMED else ""
    return f"{'line' if len(lines) == 1 else 'lines'} {named}{more}"


def _notes(run: Run) -> list[str]:
    notes = []
    if run.unassigned:
        told = counted(run.unassigned, "new stay has", "new stays have")
        notes.append(f"{told} no unit yet: name it in the file or with --unit")
    if run.closings:
        notes.append(
            "this feed does not tell stays from closed days: cancel what is no stay, it stays cancelled"
        )
    if run.echoes:
        told = counted(len(run.echoes), "closed period is a stay", "closed periods are stays")
        known = "that is known" if len(run.echoes) == 1 else "that are known"
        notes.append(f"{told} {known} from another source: {_lines(run.echoes)}")
    return notes
