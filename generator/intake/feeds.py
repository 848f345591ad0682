"""An iCal feed as stays: its events one by one through icalendar, so that a broken one spoils no other.

It never fetches and never writes. What channels mean by their words is in channels.py.
"""

import re
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from icalendar import Calendar, Event

from generator.intake.cells import folded, is_text, read_count, read_email, read_language, read_phone
from generator.intake.channels import channel_of, code_in, meaning_of
from generator.intake.dates import read_time
from generator.intake.entries import BadRow, Context, Entry, NotAStay, entry_of, feed_mark
from generator.intake.headers import guess
from guestlink.errors import InvalidInput

REPEATING = ("RRULE", "RDATE")
BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)  # what icalendar raises
LONGEST_UID, LONGEST_TEXT, LONGEST_NAME = 500, 5000, 200
ONE_NIGHT = timedelta(days=1)
NOT_A_CALENDAR = "Copy the address of the calendar's export, or save its .ics file."
_DETAILS: dict[str, Callable[[str], Any]] = {
    "reference": str.strip,
    "name": str.strip,
    "phone": read_phone,
    "email": read_email,
    "language": read_language,
    "adults": read_count,
    "children": read_count,
    "pets": read_count,
    "expected_arrival": read_time,
}
_FOLD = re.compile(r"\n[ \t]")


class Block(msgspec.Struct, frozen=True):
    """One VEVENT as it stands in the feed from `line` on; `is_cut` when its end is missing."""

    line: int
    text: str
    is_cut: bool = False

    @property
    def uid(self) -> str:
        found = re.search(r"^UID[^:\n]*:(.*)$", _FOLD.sub("", self.text), re.IGNORECASE | re.MULTILINE)
        return found[1].strip() if found else ""


class Feed:
    """A feed that is understood: `told` in the order of the file.

    `kept` are the uids of events that say nothing clear: their stays are neither changed nor gone. `is_whole`
    is false when the feed breaks off or an unread event has no uid: then nobody knows what is missing.
    """

    def __init__(self, text: str, context: Context, *, name: str) -> None:
        self._context = context
        self.notes: list[str] = []
        self.kept: set[str] = set()
        blocks, shell, self.is_whole = _split(text, name)
        self.is_empty = not blocks
        product = " ".join(re.findall(r"^PRODID.*$", shell, re.MULTILINE | re.IGNORECASE))
        self.channel = channel_of(product, [uid for block in blocks if (uid := block.uid)])
        self.source = context.source or self.channel.source
        self.mark = feed_mark(context, self.source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # icalendar warns of zones whose names it has to guess
            _learn_zones(shell)
            self.told = [self._told(block) for block in self._newest(blocks)]

    # -- events -------------------------------------------------------------------------------------
    def _newest(self, blocks: list[Block]) -> list[Block]:
        """Leaves out what a later version replaces (RFC 5545, 3.8.7.4) and changes of single repetitions."""
        newest: dict[str, tuple[int, Block]] = {}
        for place, block in enumerate(blocks):
            if re.search(r"^RECURRENCE-ID", block.text, re.MULTILINE | re.IGNORECASE):
                self._note("some events change one day of a repeated event: those changes are not read")
                continue
            key = block.uid or f"\0{place}"
            version = re.search(r"^SEQUENCE:(\d{1,9})\s*$", block.text, re.MULTILINE | re.IGNORECASE)
            number = int(version[1]) if version else 0
            if key not in newest or number >= newest[key][0]:
                newest[key] = (number, block)
        return [block for _, block in newest.values()]

    def _told(self, block: Block) -> Entry | BadRow | tuple[BadRow, ...] | NotAStay:
        try:
            if block.is_cut:
                raise InvalidInput("the feed breaks off inside the event.")
            if not is_text(block.text) or len(block.uid) > LONGEST_UID:
                raise InvalidInput("the event holds characters that are no text, or an endless UID.")
            event = Event.from_ical(block.text)
            assert isinstance(event, Event)
            return self._entry(block, event)
        except BROKEN:
            return self._unread(block, "", "the event cannot be read")
        except InvalidInput as error:
            return self._unread(block, "", error.message.rstrip("."))

    def _unread(self, block: Block, field: str, reason: str) -> BadRow:
        self.kept.add(block.uid)
        self.is_whole = self.is_whole and bool(block.uid)
        hint = f"Its UID is {block.uid[:80]}." if block.uid else ""
        return BadRow(line=block.line, field=field, reason=reason, hint=hint)

    def _entry(self, block: Block, event: Event) -> Entry | tuple[BadRow, ...] | NotAStay:
        summary, description, status = (_text(event, name) for name in ("SUMMARY", "DESCRIPTION", "STATUS"))
        meaning = meaning_of(self.channel, summary)
        if not meaning.is_stay:
            return NotAStay(line=block.line, why="blocked days")
        if status.upper() == "TENTATIVE":
            self.kept.add(block.uid)
            return NotAStay(line=block.line, why="tentative")
        if any(name in event for name in REPEATING):
            self._note("some events repeat: only the first time of each is a stay")
        arrival, departure = self._days(event)
        values: dict[str, Any] = {"arrival": arrival, "departure": departure, **_details(description)}
        if meaning.name:
            values["name"] = meaning.name[:LONGEST_NAME]
        if code := code_in(self.channel, description, summary, _text(event, "URL"), block.uid):
            values["reference"] = code
        if block.uid:
            values["uid"] = block.uid
        if status.upper() in {"CANCELLED", "CONFIRMED"}:
            values["status"] = status.lower()
        told = entry_of(
            self._context,
            values,
            line=block.line,
            source=self.source,
            feed=self.mark,
            may_be_echo=meaning.may_be_echo,
        )
        if isinstance(told, Entry):
            return told
        return tuple(self._unread(block, wrong.field, wrong.reason) for wrong in told)

    def _days(self, event: Event) -> tuple[date, date]:
        """Arrival and departure: DTEND is the day after the last night (RFC 5545, 3.6.1); else one night."""
        start, end, duration = (_moment(event, name) for name in ("DTSTART", "DTEND", "DURATION"))
        if start is None:
            raise InvalidInput("the event has no beginning.")
        arrival = self._local(start)
        departure = self._local(end or start + (duration or ONE_NIGHT))
        is_day_long = not isinstance(start, datetime) and departure == arrival
        return arrival, arrival + ONE_NIGHT if is_day_long else departure

    def _local(self, moment: date | datetime) -> date:
        """The day in the property's zone; a time without a zone is told in it already."""
        if not isinstance(moment, datetime):
            return moment
        zone = ZoneInfo(self._context.house.zone)
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _split(text: str, name: str) -> tuple[list[Block], str, bool]:
    """The events, what is around them, and whether the feed has its end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if next((line.strip().upper() for line in lines if line.strip()), "") != "BEGIN:VCALENDAR":
        raise InvalidInput(f"{name} is not an iCal feed.", hint=NOT_A_CALENDAR)
    blocks: list[Block] = []
    shell: list[str] = []
    event: list[str] = []
    first = 0
    for number, line in enumerate(lines, start=1):
        mark = line.strip().upper()
        if mark in {"BEGIN:VEVENT", "END:VCALENDAR"} and event:
            blocks.append(Block(first, "\n".join(event), is_cut=True))
            event = []
        if mark == "BEGIN:VEVENT":
            first = number
        if mark == "BEGIN:VEVENT" or event:
            event.append(line)
        else:
            shell.append(line)
        if mark == "END:VEVENT" and event:
            blocks.append(Block(first, "\n".join(event) + "\n"))
            event = []
    if event:
        blocks.append(Block(first, "\n".join(event), is_cut=True))
    whole = any(line.strip().upper() == "END:VCALENDAR" for line in shell)
    return blocks, "\n".join(shell), whole


def _learn_zones(shell: str) -> None:
    """Time zones that a feed defines itself become known to icalendar; a broken definition is none."""
    if "BEGIN:VTIMEZONE" in shell:
        try:
            Calendar.from_ical(shell)
        except BROKEN:
            return


def _text(event: Event, name: str) -> str:
    value = event.get(name, "")
    return str(value[0] if isinstance(value, list) else value).strip()[:LONGEST_TEXT]


def _moment(event: Event, name: str) -> Any:
    value: Any = event.get(name)
    return None if value is None else value.dt


def _details(description: str) -> dict[str, Any]:
    """What a description tells line by line, such as `Phone Number (Last 4 Digits): 0123`."""
    pairs = [line.partition(":") for line in description.splitlines()]
    cells = {key.strip(): value.strip() for key, _, value in pairs if value.strip() and folded(key)}
    told: dict[str, Any] = {}
    for field, column in guess(tuple(cells), [cells], {}).mapping.items():
        try:
            if field in _DETAILS:
                told[field] = _DETAILS[field](cells[column])
        except InvalidInput:
            continue
    return told
