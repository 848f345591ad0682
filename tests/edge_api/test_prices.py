"""What a message costs: by category and country, from the host's own list; mistakes name file and key."""

from pathlib import Path

import pytest

from edge_api.messages import Sender
from edge_api.prices import NONE_KNOWN, load_prices
from guestlink.errors import SettingsError

LIST = """
currency = "EUR"
[service]
default = 0.001
[utility]
default = 0.02
44 = 0.018
4477 = 0.017
1 = 0
"""
BRITISH, AMERICAN = Sender(wa_id="447700900101"), Sender(wa_id="15550142")


def listed(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("category", "to", "price"),
    [
        ("utility", BRITISH, 17_000),
        ("utility", Sender(wa_id="441632960001"), 18_000),
        ("utility", AMERICAN, 0),
        ("utility", Sender(wa_id="34600000000"), 20_000),
        ("utility", Sender(user_id="GB.123"), 18_000),
        ("utility", Sender(user_id="ZZ.123"), 20_000),
        ("service", BRITISH, 1_000),
        ("marketing", BRITISH, None),
    ],
)
def test_the_longest_country_code_that_fits_counts(
    tmp_path: Path, category: str, to: Sender, price: int | None
) -> None:
    prices = load_prices(listed(tmp_path, LIST))
    assert (prices.price(category, to), prices.currency) == (price, "EUR")


def test_without_a_list_nothing_is_known() -> None:
    assert NONE_KNOWN.price("utility", BRITISH) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[utility]\ndefault = 1", "currency"),
        ('currency = "euros"', "currency"),
        ('currency = "EUR"\n[letters]\ndefault = 1', "letters"),
        ('currency = "EUR"\n[utility]\nGB = 1', "utility.GB"),
        ('currency = "EUR"\n[utility]\n44 = "cheap"', "utility.44"),
        ('currency = "EUR"\n[utility]\n44 = -1', "utility.44"),
        ('currency = "EUR"\n[utility]\n44 = nan', "utility.44"),
        ('currency = "EUR"\n[utility]\n44 = true', "utility.44"),
        ("currency = ", "TOML"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_prices(listed(tmp_path, text))
    assert named in error.value.message
    assert "prices.toml" in error.value.message
    assert error.value.setting == "whatsapp_prices"


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_prices(tmp_path / "prices.toml")
