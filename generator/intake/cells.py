"""One cell at a time: counts, phones, languages, status as people and spreadsheets write them. Pure.

What cannot be read raises InvalidInput with a reason that never repeats the value: it may name a person.
"""

import re
import unicodedata
from functools import cache, lru_cache

from babel import Locale

from guestlink.contacts import phone_digits
from guestlink.errors import InvalidInput
from guestlink.houses import checked_language

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
DASHES = frozenset({"-", "--", "---", "–", "—"})
NOTHING = frozenset({"n a", "null", "none", "nan", "n v t", "k a", "unknown", "unbekannt", "inconnu"})
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MARKS = re.compile(r"[\W_]+")
_COUNT = re.compile(r"(\d{1,9})(?:[.,]0+)?(?:\s*[^\d.,-].*)?", re.DOTALL)
_SEVERAL = re.compile(r"[;|\n]|,\s|\s/\s|\bor\b|\boder\b|\bou\b")
_SHORTENED = re.compile(r"\d[.,]\d+E\+?\d+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_YES = frozenset({"yes", "y", "true", "x", "ja", "oui", "si", "sim", "j"})
_NO = frozenset({"no", "n", "false", "nein", "non", "nao", "nee"})
_AGREED = re.compile(
    r"(?:1|on|ok|wahr|vrai|verdadero|verdadeiro|vero|waar)$|opt(?:ed)? ?in\b|agree|accept|grant|given|allow"
    r"|zugestimmt|einverstanden|erteilt|erlaubt|d accord|consenti$|autoris|autoriz|acept|aceit|acconsent"
    r"|accett|akkoord|toegest"
)
_DISAGREED = re.compile(
    r"\b(?:0$|off$|not\b|no\b|non\b|nao\b|ne\b|nicht\b|niet\b|kein|opt(?:ed)? ?out|disagree|declin|refus"
    r"|reject|deni|deny|withdr|revo[ck]|unsubscr|stop|abgelehnt|widerruf|verweiger|rechaz|rifiut|negad|negat|recus|geweiger"
    r"|ingetrokken|falsch|faux|falso|onwaar)"
)
MOST_PEOPLE = 99
LAST_DIGITS, MOST_DIGITS = 4, 15  # what Airbnb tells, what E.164 allows
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3


def text_of(value: object) -> str:
    """A cell as text: what JSON holds as number, yes or list included; a lone dash is an empty cell."""
    if isinstance(value, str):
        text = value.strip()
        return "" if text in DASHES else text
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(text_of(item) for item in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_text(text: str) -> bool:
    """False for control characters and halves of characters, which JSON can hold and a record cannot."""
    return _NO_TEXT.search(text) is None


def is_nothing(text: str) -> bool:
    """True for what a program writes into an empty cell; never asked of a name, which may be Null."""
    return not text or (len(text) < len("unbekannt.") and folded(text) in NOTHING)


def folded(text: str) -> str:
    """Text as it is compared: no accents, no case, no punctuation."""
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in parts if not unicodedata.combining(char))
    return _MARKS.sub(" ", plain.casefold()).strip()


def read_count(text: str) -> int:
    """How many: `2`, `2 adults`, `yes` for one."""
    word = folded(text)
    if word in _YES or word in _NO:
        return int(word in _YES)
    found = _COUNT.fullmatch(text)
    if found is None or int(found[1]) > MOST_PEOPLE:
        raise InvalidInput(f"is not a number from 0 to {MOST_PEOPLE}.")
    return int(found[1])


def read_consent(text: str) -> bool:
    """Whether a guest agreed: `yes`, `opted in`, `zugestimmt`, `no`. A word of refusal anywhere is a no; a
    date alone says nothing clear.
    """
    plain = folded(text)
    if plain in _NO or _DISAGREED.search(plain):
        return False
    if plain in _YES or _AGREED.match(plain):
        return True
    raise InvalidInput("is neither yes nor no.", hint="Write yes where the guest agreed, else nothing.")


def read_nights(text: str) -> int:
    found = _COUNT.fullmatch(text)
    if found is None or int(found[1]) < 1:
        raise InvalidInput("is not a number of nights.")
    return int(found[1])


def read_phone(text: str) -> str:
    """A phone as `+447700900123` or, when no country is told, its digits; of several the first."""
    first = _SEVERAL.split(text.lstrip("'=\" "), maxsplit=1)[0].strip()
    if _SHORTENED.fullmatch(first):
        raise InvalidInput(
            "was shortened by a spreadsheet.", hint="Format the column as text, save and import again."
        )
    international = first.startswith(("+", "00"))
    digits = phone_digits(first.replace("(0)", "") if international else first)
    if not LAST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise InvalidInput("is not a phone number.", hint="Write it as +44 7700 900123.")
    return f"+{digits}" if international else digits


def read_email(text: str) -> str:
    address = text.removeprefix("mailto:")
    if not _EMAIL.fullmatch(address) or len(address) > LONGEST_EMAIL:
        raise InvalidInput("is not an e-mail address.")
    return address


# -- languages -------------------------------------------------------------------------------------
_THREE_LETTERS = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "por": "pt",
    "dut": "nl", "nld": "nl", "ara": "ar", "jpn": "ja",
}  # fmt: skip
_OWN_NAMES = frozenset("ar ja zh ru pl cs da sv nb fi hu tr el he ko uk ro".split()).union(LANGUAGES)
_TAG = re.compile(r"([a-zA-Z]{2})(?:[-_]([a-zA-Z]{2}))?(?:[.@].*)?")


@lru_cache(maxsize=1024)
def read_language(text: str) -> str:
    """A code (`de`, `DE_at`, `ger`) or a name, in one of LANGUAGES or its own, as BCP 47."""
    plain = folded(text)
    if code := _THREE_LETTERS.get(plain):
        return code
    try:
        if found := _TAG.fullmatch(text):
            code, region = found[1].lower(), (found[2] or "").upper()
            return checked_language(f"{code}-{region}" if region else code)
    except InvalidInput:
        raise _not_a_language() from None
    for known in LANGUAGES:
        if code := _names_in(known).get(plain):
            return code
    if code := _own_names().get(plain):
        return code
    raise _not_a_language()


def _not_a_language() -> InvalidInput:
    return InvalidInput("is not a language.", hint="Write its code or name, such as de or German.")


@cache
def _names_in(known: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for code, name in Locale(known).languages.items():
        if len(code) == len("de"):
            names.setdefault(folded(name), code)
    return names


@cache
def _own_names() -> dict[str, str]:
    return {folded(Locale(code).languages.get(code, code)): code for code in sorted(_OWN_NAMES)}


# -- status ----------------------------------------------------------------------------------------
NOT_A_STAY = ""
_STATUS = {
    "no_show": (
        "no ?show|nicht(anreise| erschienen| angereist)|(non|pas) presente|non si e presentat"
        "|mancat[oa] (arrivo|presen)|no (se )?presen|nao compare|niet (verschenen|gekomen)"
    ),
    "cancelled": "cancel|storn|abgesagt|annul|anul|disdett|geannul|gecancel",
    NOT_A_STAY: (
        "inquir|enquir|request|pending|tentat|option|quote|draft|hold|declin|reject|denied|expir|block|unavail|closed"
        "|anfrage|angefragt|vorgemerkt|ausstehend|abgelehnt|abgelaufen|gesperrt|angebot"
        "|demande|en attente|refus|bloqu|devis|solicit|pendient|rechaz|caducad|presupuest"
        "|richiest|in attesa|rifiutat|scadut|bloccat|preventiv|pedid|pendente|recusad|orcament"
        "|aanvra|in behandeling|afgewezen|verlopen|geblokkeerd|offerte"
    ),
    "confirmed": (
        "ok$|confirm|accept|await|book|reserv|paid|activ|check|in house|arriv|current|past|complet|stay"
        "|upcoming|new$|modif|chang|depart|deposit|trip|bestatigt|bestaetigt|gebucht|bezahlt|angereist|abgereist|abgeschlossen"
        "|aktiv|neu$|geandert|fest|paye|valide|termin|en cours|nouve|pagad|en curso|finaliz|nuev"
        "|conferm|prenotat|pagat|in corso|nuov|conclu|pago|em curso|novo|nova"
        "|bevestigd|geboekt|gereserveerd|betaald|voltooid|nieuw|gewijzigd"
    ),
}
_BLOCKED = re.compile(r"\b(?:hold|block|unavail|closed|gesperrt|bloqu|bloccat|geblokkeerd)")
_STATUS_WORDS = {status: re.compile(rf"\b(?:{words})") for status, words in _STATUS.items()}


@lru_cache(maxsize=1024)
def read_status(text: str) -> str:
    """`confirmed`, `cancelled`, `no_show`, or NOT_A_STAY for requests, offers, refusals and blocked days."""
    plain = folded(text)
    for status, words in _STATUS_WORDS.items():
        if words.search(plain):
            return status
    raise InvalidInput(
        "is not a known status.", hint="Known: confirmed, cancelled, no-show, as channels call them."
    )


def why_no_stay(text: str) -> str:
    """What rows of a status that is NOT_A_STAY are about."""
    return "blocked days" if _BLOCKED.search(folded(text)) else "requests, offers or refusals"
