"""Numbers, times, days and choices in a message, for a service's fields. What is unclear is left open."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final

from edge_api.offers import Field
from edge_api.understanding.words import Reading, is_unspaced, read

MOST_DIGITS: Final = 3
_TIME = re.compile(
    r"(?<![\d.:/-])(?P<h>[01]?\d|2[0-4])\s?(?:(?P<sep>[:.h時]|uhr)\s?(?P<m>[0-5]\d)(?!\d)分?|(?P<half>時半)|(?P<bare>時|uhr|h(?!\w)))?"
    r"\s?(?P<half_day>a\.?m\b\.?|p\.?m\b\.?|صباحا|مساء)?"
)
_LATER = (
    *(
        "tonight",
        "in the evening",
        "this evening",
        "in the afternoon",
        "abends",
        "am abend",
        "heute abend",
        "nachmittags",
    ),
    *(
        "am nachmittag",
        "du soir",
        "ce soir",
        "apres midi",
        "de la noche",
        "de la tarde",
        "esta noche",
        "esta tarde",
    ),
    *(
        "di sera",
        "stasera",
        "del pomeriggio",
        "da noite",
        "da tarde",
        "esta noite",
        "a noite",
        "مساء",
        "المساء",
    ),
)
_LATER_UNSPACED = ("午後", "夜", "夕方", "今晩", "今夜")
_ROOM = (
    "room zimmer habitacion chambre camera stanza quarto غرفه الغرفه apartment flat apt number nummer nr no"
    " numero unit apartamento appartement suite رقم"
).split()
_CLOCK = frozenset("at um gegen around ab vers verso alle as الساعه until till bis jusqu".split())
# No number of things stands before these: lengths of time, and words after a "4" that is a "for".
_SPANS = frozenset(
    (
        "tmrw tomorrow today tonight me us my the u night nights day days hour hours minute minutes "
        "weeks min mins nacht nachte tag tage stunde stunden minuten wochen nuit nuits jour jours "
        "heure heures minutes noche noches dia dias hora horas minutos notte notti giorno giorni "
        "ora ore minuti noite noites ليالي ايام ساعات دقائق"
    ).split()
)
_NUMBERS: Final[Mapping[int, str]] = {
    1: "one eins uno una un une um uma واحد واحده 一つ 一枚 一台 一人 ひとつ",
    2: "two zwei dos deux due dois duas couple pair paar par paire paio اثنين اثنتين اثنان"
    " 二つ 二枚 二台 二人 ふたつ",
    3: "three drei tres trois tre ثلاثه ثلاث 三つ 三枚 三台 三人 みっつ",
    4: "four vier cuatro quatre quattro quatro اربعه اربع 四つ 四枚 四台 四人 よっつ",
    5: "five funf fuenf cinco cinq cinque خمسه خمس 五つ 五枚 五台 五人",
    6: "six sechs seis sei سته ست 六つ 六枚 六台 六人",
    7: "seven sieben siete sept sette sete سبعه سبع",
    8: "eight acht ocho huit otto oito ثمانيه ثمان",
    9: "nine neun nueve neuf nove تسعه تسع",
    10: "ten zehn diez dix dieci dez عشره عشر",
}
_ARTICLES = frozenset("uno una un une um uma no sei".split())  # also articles, "am", "we know": no number
_DAYS: Final[Mapping[int, tuple[str, ...]]] = {
    0: (
        *(
            "today",
            "tonight",
            "this evening",
            "this morning",
            "this afternoon",
            "hoy",
            "esta noche",
            "esta tarde",
        ),
        *(
            "aujourd hui",
            "aujourdhui",
            "ce soir",
            "cet apres midi",
            "heute",
            "oggi",
            "stasera",
            "hoje",
            "esta noite",
        ),
        *("اليوم", "الليله", "今日", "本日", "今夜", "今晩"),
    ),
    1: (
        *(
            "tomorrow",
            "tmrw",
            "tomorow",
            "tommorow",
            "tmr",
            "demain",
            "domani",
            "amanha",
            "غدا",
            "بكره",
            "明日",
            "あした",
        ),
        *("manana", "morgen", "morgen fruh", "manana por la manana"),
    ),
    2: (
        *("day after tomorrow", "pasado manana", "apres demain", "ubermorgen", "uebermorgen", "dopodomani"),
        *("depois de amanha", "بعد غد", "بعد بكره", "明後日", "あさって"),
    ),
}
_NOT_TOMORROW = (
    "guten morgen",
    "por la manana",
    "de la manana",
    "heute morgen",
    "esta manana",
    "am morgen",
    "buenos manana",
)
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")


def values_for(message: str, fields: Iterable[Field], *, today: date | None = None) -> dict[str, str]:
    """What a message says of a service's fields, by name. `fields` may be those of several languages, so that
    a choice is found in any wording; `today` in the property's zone gives "tomorrow" a date. Two numbers,
    times or choices for one field are none.
    """
    text = read(message)
    listed = list(fields)
    kinds = {field.name: field.kind for field in listed}
    found = {
        "number": _number(text, listed),
        "time": time_in(text),
        "date": _day(text, today),
    }
    values = {}
    for name, kind in kinds.items():
        alone = [other for other in kinds.values() if other == kind] == [kind]
        value = _choice(text, [f for f in listed if f.name == name]) if kind == "choice" else ""
        if alone and kind in found:
            value = found[kind]
        if value:
            values[name] = value
    return values


def numbers_in(text: Reading) -> tuple[int, ...]:
    """How many of something: no time, no date, no number of a room, no length of a stay."""
    plain = _ISO.sub(" ", _without_times(text.plain))
    text = text if plain == text.plain else read(plain)
    numbers: list[int] = []
    for place, word in enumerate(text.words):
        before = text.words[place - 1].text if place else ""
        after = text.words[place + 1].text if place + 1 < len(text.words) else ""
        if before in _ROOM or after in _SPANS or after.startswith("号"):
            continue
        if word.text.isdecimal() and len(word.text) <= MOST_DIGITS:
            if before not in _CLOCK:
                numbers.append(int(word.text))
        elif word.text in _number_words():
            numbers.append(_number_words()[word.text])
        elif is_unspaced(word.text):
            numbers += [
                number for said, number in _number_words().items() if _is_unspaced_in(said, word.text)
            ]
    return tuple(numbers)


def time_in(text: Reading) -> str:
    """The one time of a message as HH:MM, or nothing; "at 7" may be either, so it is none."""
    times = {time for found in _TIME.finditer(text.plain) if (time := _time(found, text))}
    return times.pop() if len(times) == 1 else ""


def _time(found: re.Match[str], text: Reading) -> str:
    hour, minute = int(found["h"]), int(found["m"] or (30 if found["half"] else 0))
    half_day = (found["half_day"] or "").replace(".", "")
    if not (found["sep"] or found["half"] or found["bare"] or half_day) or hour > 23:
        return ""
    if found["sep"] == "." and not (half_day or found["m"]):
        return ""
    is_later = half_day in {"pm", "مساء"} or (not half_day and _is_later(text))
    if half_day and not 1 <= hour <= 12:
        return ""
    if half_day in {"am", "صباحا"}:
        hour %= 12
    elif is_later and hour < 12:
        hour += 12
    return f"{hour:02}:{minute:02}"


def _is_later(text: Reading) -> bool:
    return any(f" {word} " in text.spaced for word in _LATER) or any(
        word in text.plain for word in _LATER_UNSPACED
    )


def _without_times(plain: str) -> str:
    return _TIME.sub(lambda found: " " if _is_time(found) else found[0], plain)


def _is_time(found: re.Match[str]) -> bool:
    return bool(found["sep"] or found["half"] or found["bare"] or found["half_day"])


@cache
def _number_words() -> dict[str, int]:
    words = {word: number for number, given in _NUMBERS.items() for word in read(given).spaced.split()}
    return {word: number for word, number in words.items() if word not in _ARTICLES}


def _is_unspaced_in(said: str, run: str) -> bool:
    return is_unspaced(said) and said in run


def _number(text: Reading, fields: Sequence[Field]) -> str:
    numbers = set(numbers_in(text))
    bounds = [(field.low, field.high) for field in fields if field.kind == "number"]
    if len(numbers) == 1 and bounds:
        number = numbers.pop()
        if bounds[0][0] <= number <= bounds[0][1]:
            return str(number)
    return ""


def _choice(text: Reading, fields: Sequence[Field]) -> str:
    """The one choice that is named, in the words of the language in which it was found."""
    named: dict[int, str] = {}
    for field in fields:
        for number, choice in enumerate(field.choices):
            if number not in named and _is_named(text, choice):
                named[number] = choice
    return next(iter(named.values())) if len(named) == 1 else ""


def _is_named(text: Reading, choice: str) -> bool:
    said = read(choice)
    if said.is_unspaced:
        return said.sounds in text.sounds
    stems = " ".join(word.stem for word in text.words)
    wanted = " ".join(word.stem for word in said.words)
    return bool(wanted) and len(wanted) > 1 and f" {wanted} " in f" {stems} "


def _day(text: Reading, today: date | None) -> str:
    days = {found[0] for found in _ISO.finditer(text.plain) if _is_date(found[0])}
    ahead = _days_ahead(text)
    if today is not None and ahead is not None:
        days.add((today + timedelta(days=ahead)).isoformat())
    return days.pop() if len(days) == 1 else ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _days_ahead(text: Reading) -> int | None:
    """0 for today, 1 for tomorrow, 2 for the day after."""
    spaced = text.spaced
    for phrase in _NOT_TOMORROW:
        spaced = spaced.replace(f" {phrase} ", " ")
    for ahead in sorted(_DAYS, reverse=True):
        for phrase in _DAYS[ahead]:
            if f" {phrase} " in spaced or (is_unspaced(phrase) and phrase in text.sounds):
                return ahead
    return None
