"""What a message costs, from a TOML file of the host (`whatsapp_prices`); without one nothing is known.

currency = "EUR"
[utility]                  # category: service, utility, authentication, marketing, email
default = 0.0200           # of the currency, for every country that has no line
44 = 0.0180                # by country calling code; the longest that fits counts
"""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from edge_api.messages import Category, Sender
from guestlink.errors import SettingsError

MILLION: Final = 1_000_000
DEFAULT: Final = "default"
SETTING: Final = "whatsapp_prices"
CATEGORIES: Final[tuple[str, ...]] = get_args(Category)
LONGEST_CODE: Final = 7
# A person without a phone number is known by country alone (ISO 3166, the beginning of their user id).
CALLING_CODES: Final[dict[str, str]] = dict(
    pair.split(":")
    for pair in (
        "AE:971 AR:54 AT:43 AU:61 BE:32 BG:359 BR:55 CA:1 CH:41 CL:56 CN:86 CO:57 CY:357 CZ:420 "
        "DE:49 DK:45 EE:372 EG:20 ES:34 FI:358 FR:33 GB:44 GR:30 HK:852 HR:385 HU:36 ID:62 IE:353 "
        "IL:972 IN:91 IS:354 IT:39 JP:81 KR:82 LT:370 LU:352 LV:371 MA:212 MT:356 MX:52 MY:60 NL:31 "
        "NO:47 NZ:64 PE:51 PH:63 PL:48 PT:351 QA:974 RO:40 RS:381 SA:966 SE:46 SG:65 SI:386 SK:421 "
        "TH:66 TN:216 TR:90 TW:886 UA:380 US:1 VN:84 ZA:27"
    ).split()
)


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """Category -> calling code or `default` -> price in millionths of the currency's unit."""

    currency: str = ""
    rows: Mapping[str, Mapping[str, int]] = {}

    def price(self, category: str, to: Sender) -> int | None:
        """What one message of this category to this person costs, None when nobody says."""
        known = self.rows.get(category, {})
        digits = re.sub(r"\D", "", to.wa_id) or CALLING_CODES.get(to.user_id.partition(".")[0], "")
        for length in range(LONGEST_CODE, 0, -1):
            if len(digits) >= length and digits[:length] in known:
                return known[digits[:length]]
        return known.get(DEFAULT)


NONE_KNOWN: Final = Prices()


def load_prices(path: Path) -> Prices:
    """The host's list. SettingsError names the file and the key that is wrong."""
    try:
        told = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, f"is not TOML: {error}.") from None
    currency = told.pop("currency", "")
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise _wrong(path, 'has no `currency`, such as "EUR".')
    return Prices(currency=currency, rows={name: _row(path, name, row) for name, row in told.items()})


def _row(path: Path, name: str, row: Any) -> dict[str, int]:
    if name not in CATEGORIES or not isinstance(row, dict):
        raise _wrong(path, f"has `{name}`, which is none of the tables {', '.join(CATEGORIES)}.")
    return {key: _price(path, f"{name}.{key}", key, value) for key, value in row.items()}


def _price(path: Path, place: str, key: str, value: Any) -> int:
    if key != DEFAULT and not re.fullmatch(rf"[1-9][0-9]{{0,{LONGEST_CODE - 1}}}", key):
        raise _wrong(path, f"has `{place}`: a key is `default` or a country calling code such as 44.")
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not is_number or not Decimal(value).is_finite() or not 0 <= value < 1000:
        raise _wrong(path, f"has `{place}`: a price is a number such as 0.02.")
    return int((Decimal(value) * MILLION).to_integral_value())


def _wrong(path: Path, what: str) -> SettingsError:
    mend = f"Correct the file, or leave the setting {SETTING} empty."
    return SettingsError(f"{path} {what}", setting=SETTING, hint=mend)
