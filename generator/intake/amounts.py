"""Money as people and spreadsheets write it -> minor units of the property's currency. Pure; never converts.

A whole column decides what `1.234` means; a reason never repeats the value.
"""

import re
from decimal import Decimal

from generator.intake.cells import text_of
from guestlink.errors import InvalidInput
from guestlink.language import minor_digits

MOST = 10**12
_NUMBER = re.compile(r"\d[\d.,'’\s]*")
_SPACING = re.compile(r"['’\s]")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+")
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₺": "TRY", "₪": "ILS", "₩": "KRW"}
_THOUSAND = 3


class DecimalMark:
    """Which of `.` and `,` stands before the cents in a column: all its values decide together."""

    def __init__(self) -> None:
        self.seen = {".": 0, ",": 0}

    def see(self, value: object) -> None:
        found = _NUMBER.search(value) if isinstance(value, str) else None
        if found and (mark := _proven_mark(_bare(found[0]))):
            self.seen[mark] += 1

    @property
    def mark(self) -> str:
        """The mark, or nothing when no value tells."""
        return "" if self.seen["."] == self.seen[","] else max(self.seen, key=lambda mark: self.seen[mark])


def read_amount(value: object, *, mark: str, currency: str) -> int:
    """Minor units. `1.234` alone is a thousand and more, unless the column or the currency says otherwise."""
    if isinstance(value, int | float):
        return _minor(Decimal(str(value)), currency)
    text = text_of(value)
    codes = [*_CODE.findall(text), *(_SIGNS[sign] for sign in text if sign in _SIGNS)]
    if any(code != currency for code in codes):
        raise InvalidInput(f"is in another currency than {currency}.", hint="Amounts are never converted.")
    found = _NUMBER.search(text)
    around = text[: found.start()] + text[found.end() :] if found else ""
    if found is None or re.search(r"[-−(\d]", around):
        raise _not_an_amount()
    return _minor(_decimal(_bare(found[0]), mark, currency), currency)


def _decimal(number: str, column: str, currency: str) -> Decimal:
    """`1.234,50` as 1234.50."""
    mark = _proven_mark(number) or column
    if not mark and minor_digits(currency) == _THOUSAND:
        mark = "." if "." in number else ","
    whole, cents = number, ""
    if mark and mark in number:
        whole, _, cents = number.rpartition(mark)
    if not (whole.isdecimal() or _GROUPED.fullmatch(whole)) or not re.fullmatch(r"\d*", cents):
        raise _not_an_amount()
    return Decimal(f"{re.sub('[.,]', '', whole)}.{cents or 0}")


def _proven_mark(number: str) -> str:
    """The decimal mark that a number proves: the last of two kinds, or one without three digits after."""
    dots, commas = number.count("."), number.count(",")
    if dots and commas:
        return "." if number.rfind(".") > number.rfind(",") else ","
    if dots + commas > 1:
        return "," if dots else "."
    mark = "." if dots else "," if commas else ""
    grouped = mark and len(number) - number.rfind(mark) == _THOUSAND + 1 and not number.startswith("0")
    return "" if grouped else mark


def _bare(number: str) -> str:
    return _SPACING.sub("", number).rstrip(".,")


def _minor(amount: Decimal, currency: str) -> int:
    minor = amount.scaleb(minor_digits(currency))
    if not minor.is_finite() or not 0 <= minor <= MOST:
        raise _not_an_amount()
    if minor != int(minor):
        raise InvalidInput(f"has more decimals than {currency} has.", hint="Write it as 1234.50.")
    return int(minor)


def _not_an_amount() -> InvalidInput:
    return InvalidInput("is not an amount.", hint="Write it as 1234.50.")
