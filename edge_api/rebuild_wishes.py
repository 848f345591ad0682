"""What a call or a push asks for; how a rebuild goes, in words for programs.

A caller asks for the houses within their reach, and learns of no other.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from edge_api import tokens
from guestlink import rebuilds, records
from guestlink.arrivals import plain_words
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, InvalidInput, NotFound, Refused
from guestlink.rebuilds import Rebuild, Source
from guestlink.records import TAKEN, Property, Stay

PATH: Final = "/api/rebuilds"
EVERYBODY: Final = ""  # whoever knows the secret reaches all houses
LONGEST_WHY: Final = 200
MOST_FIELDS: Final = 8
FORM: Final = "application/x-www-form-urlencoded"
A_BRANCH: Final = re.compile(r"refs/heads/(.+)", re.DOTALL)
AN_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SourceName = Literal["records", "files", "git"]
SOURCES: Final[dict[SourceName, Source]] = {"records": "", "files": "files", "git": "git"}
NAMES: Final[dict[Source, SourceName]] = {source: name for name, source in SOURCES.items()}


class NewRebuild(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `property` all that the caller reaches. `stay`: its reference, stay code or id. `source`: the
    texts as last published, the hosts' files, or those after a `git pull`.
    """

    property: str = ""
    stay: str = ""
    why: str = ""
    source: SourceName = "records"


class AskedFor(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuild that waits now, and where to look how it goes."""

    id: str
    property: str
    state: str
    watch: str


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked for. `id`, `state` and `watch` once more when it is one; `ignored` says why none."""

    rebuilds: list[AskedFor]
    id: str = ""
    state: str = ""
    watch: str = ""
    ignored: str = ""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How a rebuild goes. `state`: waiting, working, failing (it is tried again), done, failed, or joined:
    it goes on as the one at `watch`. `outcome` says what came of the last try.
    """

    id: str
    property: str
    stay: str | None
    source: SourceName
    state: str
    why: str
    outcome: str
    attempts: int
    asked_at: str
    due_at: str | None
    finished_at: str | None
    watch: str


class Push(msgspec.Struct, frozen=True):
    """The part of GitHub's push that counts."""

    ref: str
    deleted: bool = False


class Wanted(NamedTuple):
    """What a body asks for: a rebuild; or none, and why."""

    rebuild: NewRebuild | None
    words: str = ""


# -- a push ------------------------------------------------------------------------------------------
def pushed(push: Push) -> Wanted:
    """What a push asks for. Which branch the content folder follows is for git to know: a push to another one
    pulls nothing new.
    """
    branch = A_BRANCH.fullmatch(push.ref)
    if push.deleted or branch is None:
        return Wanted(None, "Only pushes to branches count.")
    return Wanted(NewRebuild(source="git", why=f"pushed to {shown(branch[1])}"))


def payload(body: bytes, media_type: str) -> bytes:
    """GitHub sends JSON, or a form with the JSON in its field `payload`."""
    if media_type.partition(";")[0].strip().lower() != FORM:
        return body
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS, errors="strict"))
        return fields["payload"].encode()
    except (ValueError, KeyError):
        raise InvalidInput("The form has no field payload.", hint="Send JSON.") from None


def shown(text: str) -> str:
    """Somebody's word on one short line."""
    line = " ".join(plain_words(text).split())
    return line if len(line) <= LONGEST_WHY else line[: LONGEST_WHY - 1] + "…"


# -- asked for ---------------------------------------------------------------------------------------
def checked(wish: NewRebuild) -> NewRebuild:
    if wish.stay and wish.source != "records":
        raise InvalidFields([("source", "Files are published for a whole house: leave out the stay.")])
    return msgspec.structs.replace(wish, why=shown(wish.why) or "asked for through the API")


def ask_for(tx: Writing, wish: NewRebuild, *, caller: str, at: datetime) -> Answer:
    """Asks for each house, or for the one stay. NotFound for what the caller does not reach."""
    houses = _houses(tx, wish.property, caller=caller)
    stay = _stay(tx, wish.stay, houses) if wish.stay else None
    asked = [
        AskedFor(id=rebuild_id, property=house.slug, state="waiting", watch=f"{PATH}/{rebuild_id}")
        for house in houses
        if stay is None or stay.property_id == house.id
        for rebuild_id in [_asked(tx, house, wish, stay_id=stay.id if stay else "", at=at)]
    ]
    if len(asked) > 1:
        return Answer(rebuilds=asked)
    only = asked[0]
    return Answer(rebuilds=asked, id=only.id, state=only.state, watch=only.watch)


def _asked(tx: Writing, house: Property, wish: NewRebuild, *, stay_id: str, at: datetime) -> str:
    tx.one("lock_property", id=house.id)  # as every verb on a property does: its asks come one after another
    source = SOURCES[wish.source]
    return rebuilds.ask(tx, house, why=wish.why, at=at, stay_id=stay_id, source=source)


def _houses(db: Reading, slug: str, *, caller: str) -> list[Property]:
    reached = tokens.houses(db, caller) if caller else records.properties(db)
    found = [house for house in reached if slug in {"", house.slug}]
    if slug and not found:
        raise NotFound("There is no such property.", hint="Give its short name, such as harbour-view.")
    if not found:
        raise Refused("There is no property yet.", hint="`publish.py property add` makes one.")
    return found


def _stay(db: Reading, name: str, houses: Sequence[Property]) -> Stay:
    """The stay of these houses with this reference, stay code or id."""
    within = {house.id for house in houses}
    named = records.shaped_all(db.all("stays_named", name=name), Stay)
    found = [stay for stay in named if stay.property_id in within]
    found = [stay for stay in found if stay.status in TAKEN] or found
    if not found:
        raise NotFound("There is no such stay.", hint="Give its reference, its stay code or its id.")
    if len(found) > 1:
        raise Refused("Several stays are called so.", hint="Give the stay code or the id.")
    return found[0]


# -- how it goes -------------------------------------------------------------------------------------
def looked(db: Reading, rebuild_id: str, *, caller: str) -> Watched:
    """How one goes; NotFound alike for no id, for what is forgotten, and for other houses' rebuilds."""
    if not AN_ID.fullmatch(rebuild_id):
        raise NotFound("There is no such rebuild.", hint="Take the address that the answer gave.")
    return watched(rebuilds.find(db, rebuild_id, caller=caller))


def watched(rebuild: Rebuild) -> Watched:
    """A row in words for programs. Pure."""
    is_joined, is_waiting = rebuild.state == "joined", rebuild.state == "waiting"
    is_failing = is_waiting and rebuild.attempts > 0
    return Watched(
        id=rebuild.id,
        property=rebuild.slug,
        stay=rebuild.stay_id or None,
        source=NAMES[rebuild.source],
        state="failing" if is_failing else "working" if rebuild.state == "claimed" else rebuild.state,
        why=rebuild.why,
        outcome="It goes on with another." if is_joined else rebuild.outcome,
        attempts=rebuild.attempts,
        asked_at=rebuild.asked_at,
        due_at=(rebuild.due_at or None) if is_waiting else None,
        finished_at=None if is_waiting or rebuild.state == "claimed" else rebuild.finished_at,
        watch=f"{PATH}/{rebuild.outcome if is_joined else rebuild.id}",
    )
