"""Somebody of the house acts from the phone: who it is, in which words they are answered, what they may.

It decides nothing; what is done lies in staff_phone.py, codes_by_phone.py and rooms_by_phone.py.
"""

from datetime import datetime

import msgspec

from edge_api import correspondence
from edge_api.correspondence import Conversation
from edge_api.duty import User
from edge_api.messages import Outgoing
from edge_api.phrases import Voice
from edge_api.streams import AUTOMATIC
from guestlink.database import Reading, Writing
from guestlink.errors import Refused
from guestlink.language import Catalogue


class InWords(Refused):
    """Refused, in the words of whoever tapped."""


class Tap(msgspec.Struct, frozen=True, kw_only=True):
    """What they do, and what about."""

    voice: Voice
    user: User
    talk: Conversation
    words: Catalogue
    message_id: str
    at: datetime
    answers: str = ""  # the message that was tapped


def belongs(db: Reading, user: User, property_id: str) -> bool:
    return db.one("membership", user_id=user.id, property_id=property_id) is not None


def reply(tx: Writing, tap: Tap, said: Outgoing, *, why: str = "answers a tap", request_id: str = "") -> None:
    """Answers the message or the tap."""
    correspondence.say(
        tx,
        tap.voice.ring,
        tap.talk,
        said,
        at=tap.at,
        by=AUTOMATIC,
        why=why,
        request_id=request_id or None,
        answers=tap.message_id,
    )
