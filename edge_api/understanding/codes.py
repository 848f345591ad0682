"""What a first message says of where it comes from: a stay's booking word, a poster's word for a house or
room.

None of them opens anything (DESIGN.md, section 5).
"""

import re
import unicodedata
from typing import Final

import msgspec

from guestlink.crypto import GUIDE_ALPHABET

LONGEST: Final = 4096
LENGTH: Final = 6
_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_HOUSE_WORD = re.compile(rf"#\s?({_SLUG})(?:\s?/\s?({_SLUG}))?")
_DASHES = re.compile("[‐‑‒–—−]")
# The words before the code in the page's own text, in each language of the catalogues.
_LEADS = re.compile(
    r"(?:booking word is|booking word|booking code|buchungswort ist|buchungswort|palabra de reserva es"
    r"|palabra de reserva|mot de réservation est|mot de réservation|parola di prenotazione è"
    r"|parola di prenotazione|palavra de reserva é|palavra de reserva"
    r"|كلمة حجزي هي|كلمة حجزي|كلمة الحجز|予約コードは|予約コード)"
    r"[\s:：=\"'“”„«»().،]*"
)
_CODE = re.compile(
    rf"(?<![a-z0-9])(?:[{GUIDE_ALPHABET}ilo][\s.-]?){{{LENGTH - 1}}}[{GUIDE_ALPHABET}ilo](?![a-z0-9])"
)
_ALONE = re.compile(rf"(?<![\w#/@.-])[0-9A-Z]{{{LENGTH}}}(?![\w@/-])")
_MISREAD = str.maketrans("ilo", "110")


class Codes(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, each empty when it was not: a stay code in capitals, a house's slug, a unit's slug."""

    stay_code: str = ""
    house: str = ""
    unit: str = ""


def named_codes(text: str) -> Codes:
    """The codes of a message. A stay code is found after the page's words for it, or by itself: in capitals
    and with a digit, or as the whole message.
    """
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST])
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    word = _HOUSE_WORD.search(text.casefold())
    return Codes(
        stay_code=_stay_code(text),
        house=word[1] if word else "",
        unit=(word[2] or "") if word else "",
    )


def _stay_code(text: str) -> str:
    lowered = text.lower()
    lead = _LEADS.search(lowered)
    if lead and (found := _CODE.match(lowered, lead.end())):
        return re.sub(r"[\s.-]", "", found[0]).translate(_MISREAD).upper()
    alone = {word for word in _ALONE.findall(text) if _is_code(word)}
    whole = re.sub(r"[\s.-]", "", lowered)
    if not alone and len(whole) == LENGTH and _is_code(whole.translate(_MISREAD)) and not whole.isalpha():
        return whole.translate(_MISREAD).upper()
    return alone.pop() if len(alone) == 1 else ""


def _is_code(word: str) -> bool:
    mixed = any(char.isdecimal() for char in word) and any(char.isalpha() for char in word)
    return mixed and set(word.lower()) <= set(GUIDE_ALPHABET)
