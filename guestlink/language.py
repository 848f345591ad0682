"""Words, dates, times, money and lists as a native host would write them, and which language comes first.

Reads the gettext catalogues theme/locale/<language>/LC_MESSAGES/guestlink.po; never compiles them and never
collects messages. Words and formats of a page always speak the same language.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, lists, numbers
from babel.messages.pofile import PoFileError, read_po
from markupsafe import Markup, escape

from guestlink import plain_po
from guestlink.errors import ContentError, InvalidInput

DateStyle = Literal["short", "medium", "long", "full"]
Direction = Literal["ltr", "rtl"]

LANGUAGES: Final = ("en", "es", "fr", "de", "it", "pt", "ar", "ja")

# What Babel says of them, too; asked so often and so early that its data need not be loaded for it.
_OURS: Final[Mapping[str, tuple[str, Direction]]] = {
    "en": ("English", "ltr"),
    "es": ("Español", "ltr"),
    "fr": ("Français", "ltr"),
    "de": ("Deutsch", "ltr"),
    "it": ("Italiano", "ltr"),
    "pt": ("Português", "ltr"),
    "ar": ("العربية", "rtl"),
    "ja": ("日本語", "ltr"),
}
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_YEAR = re.compile(r"(,|\s+'[^']+')?\s*y+$|^y+[^A-Za-z']*")
_BETWEEN_DAY_AND_TIME = {"ar": "، ", "ja": " "}
_FIRST_ISOLATE = {"ltr": "\u2066", "rtl": "\u2067", "auto": "\u2068"}


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for the catalogues where it is named, to be translated where it is shown."""
    return message


# Which language ---------------------------------------------------------------------------------------


def negotiate(wanted: str, offered: Sequence[str]) -> str:
    """The offered language closest to `wanted`, else the first: RFC 4647 lookup, then any region of it."""
    return next(iter(_matches(wanted, offered)), offered[0] if offered else LANGUAGES[0])


@lru_cache(maxsize=1024)
def chrome_language(language: str) -> str:
    """The language the interface speaks on a page whose content is in `language`."""
    return negotiate(language, LANGUAGES)


def fallback_order(guest: str, default: str, offered: Sequence[str]) -> tuple[str, ...]:
    """All offered languages, best first: the guest's, then the property's default, then as offered."""
    return _ordered(guest, default, tuple(offered))


@lru_cache(maxsize=1024)
def _ordered(guest: str, default: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_matches(guest, offered), *_matches(default, offered), *offered]))


def direction(language: str) -> Direction:
    """Which way `language` is written; an unknown one runs left to right."""
    if language in _OURS:
        return _OURS[language][1]
    locale = _known_locale(language)
    return "rtl" if locale is not None and locale.text_direction == "rtl" else "ltr"


def native_name(language: str) -> str:
    """The language's name for itself, as a list of languages shows it; an unknown tag stands for itself."""
    if language in _OURS:
        return _OURS[language][0]
    locale = _known_locale(language)
    name = locale.get_display_name() if locale is not None else None
    return name[0].upper() + name[1:] if name else language


def _matches(wanted: str, offered: Sequence[str]) -> list[str]:
    tags = _subtags(wanted)
    ranked = [(_distance(tags, _subtags(offer)), offer) for offer in offered]
    near = [(distance, offer) for distance, offer in ranked if distance is not None]
    return [offer for _, offer in sorted(near, key=lambda pair: pair[0])]


def _distance(wanted: tuple[str, ...], offer: tuple[str, ...]) -> int | None:
    """How many subtags apart, mere cousins (`pt-PT` for `pt-BR`) last; None: another language or script."""
    if not wanted or not offer or wanted[0] != offer[0]:
        return None
    if wanted[: len(offer)] == offer:
        return len(wanted) - len(offer)
    scripts = {tag for tag in (*wanted[1:2], *offer[1:2]) if len(tag) == len("Latn")}
    return None if len(scripts) > 1 else len(wanted) + len(offer)


def _subtags(language: str) -> tuple[str, ...]:
    tag = language.strip().replace("_", "-").lower()
    return tuple(tag.split("-")) if _TAG.fullmatch(tag) else ()


@lru_cache(maxsize=256)
def _known_locale(language: str) -> Locale | None:
    tags = _subtags(language)
    for name in ("_".join(tags), tags[0]) if tags else ():
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=256)
def _locale(language: str) -> Locale:
    """How the interface's language formats: in the wanted region, and plain `en` as in Europe."""
    spoken, tags = chrome_language(language), _subtags(language)
    regional = _known_locale(language) if len(tags) > 1 and tags[0] == spoken else None
    if regional is not None and regional.territory:
        return regional
    return Locale.parse("en_GB" if spoken == "en" else spoken)


# Words ------------------------------------------------------------------------------------------------


class Catalogue:
    """The interface's words in one language. A strict one refuses what it cannot translate."""

    def __init__(
        self,
        language: str,
        messages: Mapping[str, tuple[str, ...]],
        *,
        plural_form: Callable[[int], int],
        path: str = "",
        strict: bool = False,
    ) -> None:
        self.language = language
        self.path = path
        self.strict = strict
        self._messages = messages
        self._plural_form = plural_form
        self._plain: dict[str, str] = {}

    def text(self, msgid: str, /, **values: object) -> str:
        """The translation with every `{name}` filled in.

        If a value is markup, so is the answer: words and other values are escaped. Else it is plain text.
        """
        if not values and msgid in self._plain:
            return self._plain[msgid]
        forms = self._forms(msgid)
        filled = _filled(forms[0] if forms else msgid, values)
        if not values:
            self._plain[msgid] = filled
        return filled

    def plural(self, singular: str, plural: str, n: int, /, **values: object) -> str:
        """The form this language uses for `n` things; `{n}` is filled in without being passed."""
        forms = self._forms(singular)
        if not forms:
            forms, form = (singular, plural), int(n != 1)
        else:
            form = self._plural_form(abs(n)) if len(forms) > 1 else 0
        return _filled(forms[form], {"n": n, **values})

    def missing(self) -> tuple[str, ...]:
        """The catalogue's messages that have no translation or lack one of the plural forms."""
        return tuple(sorted(msgid for msgid, forms in self._messages.items() if not all(forms)))

    def _forms(self, msgid: str) -> tuple[str, ...]:
        forms = self._messages.get(msgid, ())
        if forms and all(forms):
            return forms
        if self.strict:
            raise ContentError(
                f"“{msgid}” has no translation into {native_name(self.language)}.",
                path=self.path,
                hint="Add it to the catalogue: tests/contracts/catalogues.py update.",
            )
        return ()


def load_catalogue(folder: Path, language: str, *, strict: bool = False) -> Catalogue:
    """The catalogue for `language` under `folder` (theme/locale), read again when its file has changed."""
    spoken = chrome_language(language)
    path = folder / spoken / "LC_MESSAGES" / "guestlink.po"
    try:
        found = path.stat()
    except OSError as error:
        raise ContentError(
            f"The words in {native_name(spoken)} are missing.", path=str(path), hint="Restore the file."
        ) from error
    return _read(path, (found.st_mtime_ns, found.st_size), language=spoken, strict=strict)


@lru_cache(maxsize=64)
def _read(path: Path, _stamp: tuple[int, int], *, language: str, strict: bool) -> Catalogue:
    try:
        text = path.read_text("utf-8")
        messages, plural = plain_po.read(text) or _read_by_babel(text)
        plural_form = c2py(plural)
    except PoFileError as error:
        raise ContentError(
            "This line is not gettext.", path=str(path), line=error.lineno + 1, hint=str(error)
        ) from error
    except ValueError as error:
        raise ContentError("This is no gettext catalogue.", path=str(path), hint=str(error)) from error
    return Catalogue(language, messages, plural_form=plural_form, path=str(path), strict=strict)


def _read_by_babel(text: str) -> tuple[plain_po.Messages, str]:
    """Messages and the plural's rule. A fuzzy translation is none."""
    book = read_po(io.StringIO(text), abort_invalid=True)
    messages: plain_po.Messages = {}
    for message in book:
        if message.id:
            msgid = message.id if isinstance(message.id, str) else message.id[0]
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
            messages[msgid] = ("",) if message.fuzzy else forms
    return messages, book.plural_expr


def _filled(message: str, values: Mapping[str, object]) -> str:
    for value in values.values():
        if hasattr(value, "__html__"):
            return Markup(_joined(message, values, escape))  # noqa: S704 - words and values are escaped there
    return _joined(message, values, str)


def _joined(message: str, values: Mapping[str, object], shown: Callable[[object], str]) -> str:
    parts = [*_parts(message, shown)]
    for at in range(1, len(parts), 2):
        name = parts[at]
        if name not in values:
            raise InvalidInput(f"“{message}” needs a value for {{{name}}}.", hint="Pass it by that name.")
        parts[at] = shown(values[name])
    return "".join(parts)


@lru_cache(maxsize=4096)
def _parts(message: str, shown: Callable[[object], str]) -> list[str]:
    """Words and, at odd places, the names of what stands between them."""
    return _PLACEHOLDER.split(shown(message))


# Dates, times, money, lists ---------------------------------------------------------------------------


def format_date(on: date, language: str, style: DateStyle = "long") -> str:
    """A date with its year: `22 November 2026`."""
    return dates.format_date(on, format=style, locale=_locale(language))


@lru_cache(maxsize=4096)
def format_day(on: date, language: str) -> str:
    """A date of these weeks, with its weekday and without its year: `Sunday 22 November`."""
    text = dates.format_date(on, format=_day_pattern(_locale(language)), locale=_locale(language))
    return text.replace("-", "\N{NON-BREAKING HYPHEN}")  # `segunda-feira` stays on one line


def format_time(at: datetime, zone: str, language: str) -> str:
    """What the clocks in `zone` show: `11:00`; hours and their half of the day stay on one line."""
    local = _local(at, zone)
    return _clock(local.hour, local.minute, language)


def format_moment(at: datetime, zone: str, language: str) -> str:
    """Day and time in `zone`: `Sunday 22 November, 11:00`."""
    between = _BETWEEN_DAY_AND_TIME.get(_locale(language).language, ", ")
    return format_day(_local(at, zone).date(), language) + between + format_time(at, zone, language)


@lru_cache(maxsize=1024)
def format_money(minor: int, currency: str, language: str) -> str:
    """An amount given in minor units of an ISO 4217 currency: `£12.50`, `¥1,200`, `MAD 12.50`."""
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    text = numbers.format_currency(amount, currency, locale=_locale(language))
    if direction(language) == "rtl" and unicodedata.category(text[-1]) == "Sc":
        text += "\N{LEFT-TO-RIGHT MARK}"  # else the sign of `UK£` moves before its letters
    return re.sub(r"(?<=[^\W\d])(?=\d)", "\N{NO-BREAK SPACE}", text)


def minor_digits(currency: str) -> int:
    """How many decimals a currency has: 2 for EUR, 0 for JPY (CLDR's digits)."""
    return numbers.get_currency_precision(currency)


def format_list(items: Iterable[str], language: str) -> str:
    """Things in a sentence: `sauna, pool and gym`."""
    return lists.format_list(tuple(items), locale=_locale(language))


def isolate(text: str, direction: Literal["ltr", "rtl", "auto"] = "ltr") -> str:
    """Keep a code, phone number or name whole inside text that runs the other way (Unicode UAX 9, 2.4.1).

    For plain text only: in HTML `<bdi>` does this without characters that a guest would copy along.
    """
    return f"{_FIRST_ISOLATE[direction]}{text}\u2069"


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, language: str) -> str:
    """No language's short time says more than hours and minutes."""
    text = dates.format_time(time(hour, minute), format="short", locale=_locale(language))
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _local(at: datetime, zone: str) -> datetime:
    if at.tzinfo is None:
        raise InvalidInput(f"The time {at.isoformat()} has no zone.", hint="Pass an aware time in UTC.")
    return at.astimezone(ZoneInfo(zone))


@lru_cache(maxsize=256)
def _day_pattern(locale: Locale) -> str:
    """CLDR's weekday, month and day; where Babel has no such skeleton, the full date less its year."""
    skeleton = locale.datetime_skeletons.get("MMMMEEEEd")
    return str(skeleton) if skeleton is not None else _YEAR.sub("", str(locale.date_formats["full"]))
