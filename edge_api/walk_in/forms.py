"""What a form of `/open` asks of the front desk, and what the front desk knows, as the page shows it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast, get_args

from edge_api import channels, front_desk
from edge_api.callers import Guest
from edge_api.channels import ByMessage, Wish
from edge_api.front_desk import Moved
from edge_api.holdings import Holdings
from edge_api.phrases import channels as channels_of
from edge_api.phrases import voice_of
from edge_api.telling import counted
from edge_api.walk_in.slots import Desk, Mistake
from edge_api.wishes import Asked
from guestlink.arrivals import ArrivalTold, RatingTold
from guestlink.database import Reading, Writing
from guestlink.errors import InvalidFields, InvalidInput, Refused, Stale, TooMany
from guestlink.language import Catalogue

HAPPENED: Final = {"requests": "sent", "cancellation": "cancelled", "arrival": "kept", "rating": "rated"}
FIELD: Final = "field-"
YES: Final = "yes"


def run(
    holdings: Holdings, link_id: str, verb: str, typed: Mapping[str, str], *, language: str, at: datetime
) -> Mistake | None:
    """Does what a form asks for; what is wrong with it comes back with what was typed."""

    def mistake(said: str, status: int, *fields: tuple[str, str]) -> Mistake:
        return Mistake(verb=verb, typed=typed, said=said, status=status, fields=fields)

    try:
        front_desk.settled(
            holdings.database,
            lambda tx: _done(tx, holdings, link_id, verb, typed=typed, language=language, at=at),
        )
    except InvalidFields as error:
        return mistake("wrong", 422, *error.problems)
    except TooMany:
        return mistake("many", 429)
    except (Moved, Stale):
        return mistake("moved", 409)
    except (Refused, InvalidInput):
        return mistake("refused", 409)
    return None


def _done(
    tx: Writing,
    holdings: Holdings,
    link_id: str,
    verb: str,
    *,
    typed: Mapping[str, str],
    language: str,
    at: datetime,
) -> object:
    ring, words, voice = holdings.ring, holdings.words(language), voice_of(holdings)
    match verb:
        case "requests":
            asked = _asked(typed, language)
            return front_desk.ask(tx, ring, link_id, asked, at=at, words=words, voice=voice)
        case "cancellation":
            version, request_id = counted(typed.get("version", "")), typed.get("id", "")
            return front_desk.cancel(
                tx, ring, link_id, request_id, version=version, at=at, words=words, voice=voice
            )
        case "channels":
            return channels.wish(tx, _writing(holdings, words), link_id, _wish(typed), at=at)
        case "arrival":
            return front_desk.tell_arrival(tx, ring, link_id, _arrival(typed), at=at, words=words)
        case _:
            told = RatingTold(stars=counted(typed.get("stars", "")), words=typed.get("words", ""))
            return front_desk.rate(tx, ring, link_id, told, at=at, words=words)


def happened(verb: str, typed: Mapping[str, str]) -> str:
    """What became of a form that was taken, as slots.PLACES calls it."""
    if verb != "channels":
        return HAPPENED[verb]
    return f"{typed.get('channel')}_{'yes' if typed.get('agrees') == YES else 'no'}"


def desk_of(db: Reading, holdings: Holdings, guest: Guest, *, at: datetime) -> Desk:
    """What the house knows from this guest, for the forms and the list of the page."""
    ring, link = holdings.ring, guest.link.id
    writing = _writing(holdings, holdings.words(guest.stay.language))
    arrival = front_desk.arrival(db, ring, link, at=at)
    rating = front_desk.rating(db, ring, link, at=at)
    return Desk(
        requests=tuple(front_desk.own_requests(db, ring, link, at=at)),
        arrival={
            "time": arrival.time,
            "adults": str(arrival.adults),
            "children": str(arrival.children),
            "note": arrival.note,
            "word": arrival.word,
        },
        rating={"stars": str(rating.stars), "words": rating.words},
        ways=channels.ways(db, writing, link, at=at),
        days=guest.days,
    )


def _writing(holdings: Holdings, words: Catalogue) -> channels.Desk:
    speaks = channels_of(holdings.settings)
    return channels.Desk(voice=voice_of(holdings), speaks=speaks, words=words)


def _wish(typed: Mapping[str, str]) -> Wish:
    channel = typed.get("channel", "")
    if channel not in get_args(ByMessage):
        raise InvalidInput("There is no such channel.")
    agrees = typed.get("agrees") == YES
    return Wish(channel=cast("ByMessage", channel), agrees=agrees, phone=typed.get("phone", ""))


def _asked(typed: Mapping[str, str], language: str) -> Asked:
    fields = {
        name.removeprefix(FIELD): value for name, value in typed.items() if name.startswith(FIELD) and value
    }
    return Asked(
        key=typed.get("key", ""),
        service=typed.get("service", ""),
        fields=fields,
        note=typed.get("note", ""),
        secret=typed.get("secret", ""),
        language=language,
    )


def _arrival(typed: Mapping[str, str]) -> ArrivalTold:
    return ArrivalTold(
        time=typed.get("time", ""),
        adults=counted(typed.get("adults", "")),
        children=counted(typed.get("children", "")),
        note=typed.get("note", ""),
        word=typed.get("word", ""),
    )
