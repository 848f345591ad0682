"""Calendars fetched on a schedule: asked for what is new, applied as by an import, never twice at once.

What could not be applied in full is read again at the next look, whatever the server says of it, and an
alert tells of it. A calendar that fails or hangs holds back no other work.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

import msgspec

from generator import calendars
from generator.calendars import KINDS, Calendar, moment, next_wait
from generator.importing import ImportReport, import_file
from generator.intake.downloads import Copy, Validators, fetch_copy
from generator.intake.reports import summed
from guestlink import alerts, clock, records
from guestlink.crypto import KeyRing
from guestlink.database import Database, Writing
from guestlink.errors import GuestLinkError, Outage, Stale

MOST_FAILURES: Final = 5  # in a row, or for so long, and a person is told:
LONGEST_SILENCE: Final = timedelta(days=1)
IDLE_SECONDS: Final = 1.0
BY: Final = "calendar"

Fetch = Callable[[str, Validators], Copy]
log = logging.getLogger("guestlink.polling")


class Office(Protocol):
    """What polling works with, such as a press."""

    @property
    def database(self) -> Database: ...
    @property
    def ring(self) -> KeyRing: ...


class Result(NamedTuple):
    """What came of one fetch: a report when something new was read, an error when it failed."""

    calendar: Calendar
    report: ImportReport | None = None
    error: GuestLinkError | None = None

    @property
    def in_words(self) -> str:
        if self.error:
            return str(self.error)
        return summed([self.report]) if self.report else "nothing new"


def run(office: Office, stop: threading.Event, *, fetch: Fetch = fetch_copy) -> None:
    """Fetches what is due until `stop` is set. It looks once a second: a new address waits no longer."""
    while not stop.is_set():
        try:
            result = poll_next(office, at=clock.now(), fetch=fetch)
        except Exception as error:  # the loop must go on; the lease brings the calendar back
            log.warning("polling-paused reason=%s", type(error).__name__)
            result = None
        if result is None:
            stop.wait(IDLE_SECONDS)


def poll_due(office: Office, *, at: datetime, fetch: Fetch = fetch_copy) -> list[Result]:
    """Fetches everything that is due at this instant, one after the other."""
    return list(iter(lambda: poll_next(office, at=at, fetch=fetch), None))


def poll_next(office: Office, *, at: datetime, fetch: Fetch = fetch_copy) -> Result | None:
    """Fetches what has been due for longest; None when nothing is. `fetch` stands in for the network."""
    with office.database.read() as db:
        if not calendars.is_due(db, at=at):
            return None
    with office.database.write() as tx:
        calendar = calendars.claim_due(tx, at=at)
    if calendar is None:
        return None
    result = _settled(office, calendar, at=at, fetch=fetch)
    _log(result)
    return result


def poll_one(
    office: Office, calendar: Calendar, *, at: datetime, takes_losses: bool = False, fetch: Fetch = fetch_copy
) -> Result:
    """Fetches one now, due or not, held or not, whatever we have of it. Stale while somebody else does.

    `takes_losses` believes one that is empty or has lost most of its stays.
    """
    with office.database.write() as tx:
        claimed = calendars.claim(tx, calendar, at=at)
    if claimed is None:
        mend = "`publish.py feeds` tells what came of it."
        raise Stale(f"The calendar of {calendar.unit} is being fetched at this moment.", hint=mend)
    unknown = msgspec.structs.replace(claimed, etag="", last_modified="", body_hash="")
    return _settled(office, unknown, at=at, fetch=fetch, takes_losses=takes_losses)


# -- one calendar ----------------------------------------------------------------------------------
def _settled(
    office: Office, calendar: Calendar, *, at: datetime, fetch: Fetch, takes_losses: bool = False
) -> Result:
    """What came of it, recorded."""
    try:
        result = _applied(office, calendar, at=at, fetch=fetch, takes_losses=takes_losses)
    except GuestLinkError as error:
        result = _failed(calendar, error, at=at)
    except Exception as error:
        defect = GuestLinkError(f"{type(error).__name__}: a defect of the program.")
        defect.__cause__ = error
        result = _failed(calendar, defect, at=at)
    with office.database.write() as tx:
        if calendars.record(tx, result.calendar):
            _tell(tx, result, at=at)
    return result


def _applied(office: Office, calendar: Calendar, *, at: datetime, fetch: Fetch, takes_losses: bool) -> Result:
    ring = office.ring
    address = ring.open(calendar.address, "units", "feed", row=calendar.unit_id)
    copy = fetch(address, Validators(etag=calendar.etag, last_modified=calendar.last_modified))
    fine = msgspec.structs.replace(
        calendar,
        due_at=clock.as_text(at + next_wait(calendar.unit_id)),
        failures=0,
        failing_since=None,
        reason="",
        fetched_at=at,
    )
    if copy.is_unchanged:
        return Result(fine)
    digest = ring.blind("feed-body", hashlib.sha256(copy.body).hexdigest())
    named = msgspec.structs.replace(fine, body_hash=digest, **msgspec.structs.asdict(copy.validators))
    if digest == calendar.body_hash:
        return Result(named)
    with office.database.read() as db:
        house = records.house_by_id(db, calendar.property_id)
        unit = records.find_unit(db, house, calendar.unit)
    report = import_file(
        office.database,
        ring,
        address,
        house=house,
        unit=unit,
        at=at,
        by=BY,
        takes_losses=takes_losses,
        fetch=lambda _address: copy.body,
    )
    return Result(_read(named, report, at=at), report)


def _read(named: Calendar, report: ImportReport, *, at: datetime) -> Calendar:
    """A calendar that was read. What was not taken over in full counts as unknown."""
    if report.bad or report.withheld:
        named = msgspec.structs.replace(named, etag="", last_modified="", body_hash="")
    is_news = report.added or report.changed or report.restored or report.proposed_cancelled
    if is_news or not named.outcome:
        named = msgspec.structs.replace(named, outcome=summed([report]), changed_at=at)
    return named


def _failed(calendar: Calendar, error: GuestLinkError, *, at: datetime) -> Result:
    failures = calendar.failures + 1
    asked = timedelta(seconds=error.retry_after) if isinstance(error, Outage) else timedelta()
    after = msgspec.structs.replace(
        calendar,
        due_at=clock.as_text(at + next_wait(calendar.unit_id, failures, asked=asked)),
        failures=failures,
        failing_since=calendar.failing_since or at,
        reason=str(error),
    )
    return Result(after, error=error)


# -- whom it concerns ------------------------------------------------------------------------------
def _tell(tx: Writing, result: Result, *, at: datetime) -> None:
    """Raises and ends alerts. A copy like the last one leaves nothing to complain of: see `_read`."""
    calendar = result.calendar
    troubles = _troubles(result, at=at)
    for kind in KINDS:
        about: dict[str, str] = {"property_id": calendar.property_id, "subject": calendar.unit_id}
        if kind in troubles:
            alerts.raise_alert(tx, kind=kind, words=troubles[kind], at=at, **about)
        elif not result.error:
            alerts.end_alert(tx, kind=kind, at=at, **about)


def _troubles(result: Result, *, at: datetime) -> dict[alerts.Kind, str]:
    calendar, report = result.calendar, result.report
    name = f"The calendar of {calendar.unit}"
    found: dict[alerts.Kind, str] = {}
    if result.error:
        since = calendar.failing_since or at
        if calendar.failures >= MOST_FAILURES or at - since >= LONGEST_SILENCE:
            found["feed-failing"] = f"{name} has not come since {moment(since)}. {calendar.reason}"
    if report and report.withheld:
        mend = f"`publish.py feeds fetch {calendar.house} {calendar.unit} --take-losses`"
        found["feed-lost-stays"] = (
            f"{name}: {report.withheld}, so nothing is proposed for cancellation. If that is right: {mend}."
        )
    if report and report.bad_rows:
        row = report.bad_rows[0]
        reason = f"{row.field} {row.reason.rstrip('.')}. {row.hint}".strip()
        found["feed-left-out"] = f"{name} tells of a stay that cannot be taken: {reason}"
    return found


def _log(result: Result) -> None:
    unit, error = result.calendar.unit_id, result.error
    if error:
        log.warning("calendar-failed unit=%s reason=%s", unit, type(error.__cause__ or error).__name__)
    elif result.report:
        log.info("calendar-read unit=%s", unit)
