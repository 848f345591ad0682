"""What people of the house do in a conversation from the board: write, note, take it over, decide about what
could not be sent. One verb, one transaction.
"""

from datetime import datetime, timedelta
from typing import Final

from edge_api import by_hand, calls, correspondence, front_desk, staff_phone, threads, tokens
from edge_api.correspondence import Conversation
from edge_api.messages import LONGEST_TEXT
from edge_api.phrases import Voice
from edge_api.registers import ID
from guestlink import clock
from guestlink.arrivals import plain_words
from guestlink.crypto import KeyRing
from guestlink.database import Writing
from guestlink.errors import InvalidFields, InvalidInput, NotFound, Refused
from guestlink.records import Property

TYPING: Final = timedelta(seconds=8)
LONGEST_NOTE: Final = 2000
UNSENT: Final = frozenset({"dead", "in_doubt"})


def send(
    tx: Writing, voice: Voice, talk: Conversation, text: str, *, key: str, at: datetime, by: str
) -> tuple[str, bool]:
    """Writes to the guest, once for each key: the message's id, and whether it is new. Refused when the key
    said something else, or nobody can be written to.
    """
    if not front_desk.KEY.fullmatch(key):
        raise InvalidInput("The key has not 8 to 64 letters, digits, - and _.", hint="A new one for each.")
    words = _words(text, LONGEST_TEXT, field="text")
    keys = {"conversation_id": talk.id, "key_token": voice.ring.blind("reply-key", f"{talk.id}:{key}")}
    body = voice.ring.blind("reply-body", f"{talk.id}:{words}")
    before = tx.one("reply_by_key", **keys)
    if before and before["body_token"] != body:
        raise Refused("This key was used for other words.", hint="Make a new key for a new message.")
    if before:
        return str(before["message_id"]), False
    if talk.is_lost:
        raise Refused(staff_phone.GUEST_ERASED)
    message_id = staff_phone.send(tx, voice, talk, words, at=at, by=by)
    tx.do("remember_reply", body_token=body, message_id=message_id, **keys)
    return message_id, True


def note(tx: Writing, ring: KeyRing, talk: Conversation, text: str, *, at: datetime, by: str) -> None:
    """A word among the people of the house, sealed as the conversation is."""
    if talk.is_lost:
        raise Refused(staff_phone.GUEST_ERASED)
    note_id, words = clock.new_id(), _words(text, LONGEST_NOTE, field="words")
    key = ring.column_key(talk.wrapped, talk.contact_id)
    tx.do(
        "add_conversation_note",
        id=note_id,
        conversation_id=talk.id,
        contact_id=talk.contact_id,
        by_user=by,
        words=key.seal(words, "conversation_notes", "words", row=note_id),
        at=clock.as_text(at),
    )


def assign(tx: Writing, talk: Conversation, to: str) -> None:
    """Somebody of the conversation's house has it; nobody when `to` is empty."""
    is_member = to and tx.one("membership", user_id=to, property_id=talk.property_id)
    if to and not (is_member and talk.property_id in {house.id for house in tokens.houses(tx, to)}):
        raise InvalidFields([("to", "Nobody of this house has this id.")])
    tx.do("assign_conversation", id=talk.id, assigned_to=to or None)


def say_which_house(tx: Writing, voice: Voice, talk: Conversation, house: Property, *, at: datetime) -> None:
    """A stranger means this house: its people see the conversation, and hear of it when it waits. Refused for
    one that has a house.
    """
    if talk.property_id is not None:
        raise Refused("This conversation has its house already.", hint="Look at it again.")
    talk = correspondence.bind(tx, voice.ring, talk, property_id=house.id)
    page = correspondence.page(tx, voice.ring, talk.id, before="", most=threads.MOST_MESSAGES)
    heard = next((said for said in page if said.direction == "in"), None)
    if talk.waiting_since and heard:
        quote = threads.words_of(heard.content)
        calls.pass_on(tx, voice, talk, message_id=heard.id, quote=quote, house=house, at=at)


def type_in(tx: Writing, talk: Conversation, *, at: datetime, by: str) -> None:
    """Somebody writes a reply; others see it for some seconds."""
    tx.do("put_typing", conversation_id=talk.id, by_user=by, until_at=clock.as_text(at + TYPING))
    tx.do("move_board", kind="typing", subject=talk.id)


def decide(
    tx: Writing, caller: str, talk: Conversation, *, message_id: str, again: bool, at: datetime
) -> None:
    """A message that could not be sent, or that nobody knows of, goes out again or is given up. NotFound for
    one that is not of this conversation, Refused when there is nothing to decide.
    """
    row = tx.one("message_in_reach", caller=caller, id=message_id) if ID.fullmatch(message_id) else None
    if row is None or row["conversation_id"] != talk.id:
        raise NotFound("There is no such message.")
    act = by_hand.retry if again else by_hand.give_up
    if row["state"] not in UNSENT or not act(tx, message_id, at=at):
        raise Refused("There is nothing to decide about this message any more.", hint="Look at it again.")


def _words(text: str, longest: int, *, field: str) -> str:
    words = plain_words(text)
    if not words:
        raise InvalidFields([(field, "Please write something.")])
    if len(words) > longest:
        raise InvalidFields([(field, f"At most {longest} characters.")])
    return words
