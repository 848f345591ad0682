"""The browser on which somebody signs in: its cookie, known by a blind token, and what it calls itself."""

import re
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from edge_api.sign_in.tickets import Cookies
from guestlink.crypto import KeyRing

VALUE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
DAYS: Final = 400  # the longest that browsers keep a cookie
BROWSERS: Final = (  # the first that is named: most say that they are others, too
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One browser. `value` is its cookie, kept nowhere; `token` is what the records know it by."""

    value: str
    token: str
    browser: str

    def __repr__(self) -> str:
        return "Device(hidden)"


def device_of(ring: KeyRing, cookies: Cookies, sent: Mapping[str, str], agent: str) -> Device:
    """The browser that sent these cookies; a new one when it has none of ours yet."""
    value = sent.get(cookies.device, "")
    if not VALUE.fullmatch(value):
        value = secrets.token_urlsafe(16)
    return Device(value=value, token=ring.blind("device", value), browser=called(agent))


def cookie_of(cookies: Cookies, device: Device) -> str:
    return cookies.line(cookies.device, device.value, seconds=DAYS * 24 * 3600)


def called(agent: str) -> str:
    """`Chrome, Android`: as much of a User-Agent as tells one's own browsers apart."""
    named = [next((told for mark, told in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, named))
