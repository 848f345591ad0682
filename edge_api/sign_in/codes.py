"""Codes by WhatsApp: six digits, ten minutes, five tries; the newest alone counts.

What is kept is a keyed hash. The digits lie sealed in the code's own row until they are sent, then nowhere:
the archive and the outbox name the code, and `envelopes` puts the digits in at the moment of sending.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge_api import correspondence, team
from edge_api.messages import Sender
from edge_api.phrases import Voice
from edge_api.rota import User
from edge_api.team import user_of_sender
from guestlink import clock
from guestlink.contacts import phone_digits
from guestlink.crypto import KeyRing
from guestlink.database import Reading, Writing

LIFE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
DIGITS: Final = 6
TEMPLATE: Final = "sign_in_code"
AUTOMATIC: Final = "guestlink"


def ask(tx: Writing, voice: Voice, phone: str, *, at: datetime) -> bool:
    """Sends a new code to who of the house has this phone; False when there is nobody, or no way. The one
    before does not count any more.
    """
    user = somebody(tx, voice.ring, phone)
    words = voice.words(user.language if user else "en")
    said = voice.templates(TEMPLATE, words.language, words)
    house = team.houses_of(tx, user)[0] if user else None
    number_id = (house.phone_number_id if house else "") or voice.number_id
    if user is None or said is None or not number_id:
        return False
    now, code_id, digits = clock.as_text(at), clock.new_id(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    tx.do("sweep_codes", at=now)
    tx.do("spend_codes_of_user", user_id=user.id, at=now)
    to = Sender(wa_id=phone_digits(phone))
    talk = correspondence.open_with(tx, voice.ring, to, number_id=number_id, at=at, language=user.language)
    talk = talk if talk.user_id == user.id else correspondence.bind(tx, voice.ring, talk, user_id=user.id)
    message_id = correspondence.say(
        tx,
        voice.ring,
        talk,
        msgspec.structs.replace(said, code=code_id),
        at=at,
        by=AUTOMATIC,
        why="a code to sign in",
        expires_at=at + LIFE,
    )
    tx.do(
        "add_sign_in_code",
        id=code_id,
        user_id=user.id,
        message_id=message_id,
        hash=_hashed(voice.ring, code_id, digits),
        value=voice.ring.seal(digits, "sign_in_codes", "value", row=code_id),
        expires_at=clock.as_text(at + LIFE),
    )
    return True


def spend(tx: Writing, ring: KeyRing, phone: str, typed: str, *, at: datetime) -> User | None:
    """Who has typed their code; None alike for nobody, a wrong one, one that is over or tried too often.
    The try is counted before the digits are compared, so it must be committed either way.
    """
    user = somebody(tx, ring, phone)
    row = tx.one("code_that_counts", user_id=user.id if user else "", at=clock.as_text(at), most=MOST_TRIES)
    if user is None or row is None or not tx.do("count_code_try", id=row["id"], most=MOST_TRIES):
        return None
    digits = "".join(each for each in typed if each.isdecimal())
    if not hmac.compare_digest(_hashed(ring, row["id"], digits), row["hash"]):
        return None
    return user if tx.do("spend_code", id=row["id"], at=clock.as_text(at)) else None


def somebody(db: Reading, ring: KeyRing, phone: str) -> User | None:
    """Who of a house has this phone; nobody who belongs to none."""
    user = user_of_sender(db, ring, wa_id=phone)
    return user if user and team.houses_of(db, user) else None


def _hashed(ring: KeyRing, code_id: str, digits: str) -> str:
    return ring.blind("sign-in-code", f"{code_id} {digits}")
