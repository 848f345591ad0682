"""Where entries become stays: the ledger writes them, the rehearsal only finds out what writing would do.

The rules are those of guestlink/stays.py; both raise Refused before anything of an entry is written.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import Protocol

from generator.intake.differences import Difference
from generator.intake.entries import Consent, Context, Entry
from guestlink import consents
from guestlink.contacts import OptIn
from guestlink.database import Database, Reading, Writing
from guestlink.records import TAKEN, Period, Stay, contacts, periods
from guestlink.stays import add_stay, change_stay, overlap


class Book(Protocol):
    """What both twins offer; all but `batch` is called inside a batch."""

    def batch(self) -> AbstractContextManager[Reading]: ...
    def add(self, entry: Entry) -> str: ...
    def change(self, stay: Stay, told: Difference, *, imported: str, why: str) -> None: ...
    def remember(self, stay: Stay, imported: str) -> None: ...


class Ledger:
    """Writes; one batch is one transaction."""

    def __init__(self, database: Database, context: Context, *, at: datetime, by: str) -> None:
        self._database = database
        self._context = context
        self._at, self._by = at, by

    @contextmanager
    def batch(self) -> Iterator[Reading]:
        with self._database.write() as tx:
            self._tx: Writing = tx
            yield tx

    def add(self, entry: Entry) -> str:
        """The id of the new stay."""
        ring, house = self._context.ring, self._context.house
        return add_stay(self._tx, ring, house, entry.draft(self._at), at=self._at, by=self._by, bulk=True).id

    def change(self, stay: Stay, told: Difference, *, imported: str, why: str) -> None:
        change_stay(
            self._tx,
            self._context.ring,
            self._context.house,
            stay,
            at=self._at,
            by=self._by,
            why=why,
            new_periods=told.periods,
            guest=told.guest,
            party=told.party,
            bulk=True,
            imported=imported,
            **told.fields,
        )
        if told.consent:
            self._agree(stay, told.consent)

    def _agree(self, stay: Stay, said: Consent) -> None:
        booker = next(contact for contact in contacts(self._tx, stay) if contact.role == "booker")
        if said.agrees:
            opt_in = OptIn(at=self._at, how=consents.BY_IMPORT, words=said.words)
            consents.agree(self._tx, self._context.ring, booker, opt_in, at=self._at, by=self._by)
        else:
            consents.take_back(self._tx, booker, how=consents.BY_IMPORT, at=self._at, by=self._by)

    def remember(self, stay: Stay, imported: str) -> None:
        """Notes that a row was read that changes nothing, so that it is skipped from now on."""
        self._tx.do("remember_import", id=stay.id, imported=imported)


class Rehearsal:
    """Writes nothing; remembers who would have which unit on which nights by now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moved: set[str] = set()
        self._claims: dict[str, list[tuple[date, date, str]]] = {}

    @contextmanager
    def batch(self) -> Iterator[Reading]:
        with self._database.read() as db:
            self._db = db
            yield db

    def add(self, entry: Entry) -> str:
        draft = entry.draft()
        if draft.status in TAKEN:
            self._claim(draft.periods, entry.name, stay_id="")
        return ""

    def change(self, stay: Stay, told: Difference, *, imported: str, why: str) -> None:
        status = told.fields.get("status", stay.status)
        if status not in TAKEN:
            self._moved.add(stay.id)
        elif told.periods or stay.status not in TAKEN:
            self._claim(told.periods or periods(self._db, stay), stay.reference, stay_id=stay.id)
            self._moved.add(stay.id)

    def remember(self, stay: Stay, imported: str) -> None:
        pass

    def _claim(self, wanted: Sequence[Period], name: str, *, stay_id: str) -> None:
        claims = [
            (self._free(period, stay_id, name), (period.from_on, period.until_on, name)) for period in wanted
        ]
        for unit_id, claim in claims:
            if unit_id:
                insort(self._claims.setdefault(unit_id, []), claim)

    def _free(self, period: Period, stay_id: str, name: str) -> str | None:
        """The period's unit; Refused when somebody has it, in the records or by what was claimed so far."""
        if period.unit_id is None:
            return None
        begins, ends = period.from_on, period.until_on
        rows = self._db.all(
            "overlapping_stays",
            unit_id=period.unit_id,
            from_on=begins.isoformat(),
            until_on=ends.isoformat(),
            stay_id=stay_id,
        )
        for row in rows:
            if row["id"] not in self._moved:
                raise overlap(period, row, wanted_by=name)
        claims = self._claims.get(period.unit_id, [])
        place = bisect_left(claims, (ends,))
        if place and claims[place - 1][1] > begins:
            from_on, until_on, other = claims[place - 1]
            taken = {"from_on": from_on, "until_on": until_on, "reference": other}
            raise overlap(period, taken, wanted_by=name)
        return period.unit_id
