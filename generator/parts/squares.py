"""QR codes as bits, which a script of the page, or the edge, draws as one path an eighth its size. Pure."""

import base64
from functools import lru_cache
from typing import Final

import segno
from segno import helpers

from generator.parts.symbols import symbols

DENSE: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004, 7.4.5


@lru_cache(maxsize=256)
def joining_code(network: str, password: str) -> str:
    """A QR code that joins the Wi-Fi."""
    return _drawn(helpers.make_wifi_data(ssid=network, password=password, security="WPA"))


@lru_cache(maxsize=256)
def link_code(link: str) -> str:
    """A QR code of a guest link, as small as it may be: it is printed, and nothing lies over it."""
    return _drawn(link)


def _drawn(text: str) -> str:
    """What segno draws. It takes milliseconds where `symbols` do not know how."""
    if text.isascii() and not DENSE.issuperset(text):  # bytes in any case
        same = symbols(len(text))
        return _packed(same.drawn(text.encode()), same.side)
    return _bits(segno.make_qr(text, error="L"))


def _bits(code: segno.QRCode) -> str:
    """In base64: one byte with the modules a side, without the quiet zone around them; then a bit for each
    module, row by row, the most significant first, the last byte filled with zeros.
    """
    modules = "".join(str(module & 1) for row in code.matrix for module in row)
    return _packed(modules, len(code.matrix))


def _packed(modules: str, side: int) -> str:
    padded = modules + "0" * (-len(modules) % 8)
    raw = int(padded, 2).to_bytes(len(padded) // 8, "big")
    return base64.b64encode(bytes([side]) + raw).decode()
