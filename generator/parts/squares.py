"""QR codes as bits, which a script of the page, or the edge, draws as one path an eighth its size. Pure."""

import base64
from functools import lru_cache

import segno
from segno import helpers

from generator.parts.symbols import Symbols


@lru_cache(maxsize=256)
def joining_code(network: str, password: str) -> str:
    """A QR code that joins the Wi-Fi; it takes milliseconds to make."""
    return _bits(helpers.make_wifi(ssid=network, password=password, security="WPA"))


@lru_cache(maxsize=256)
def link_code(link: str) -> str:
    """A QR code of a guest link, as small as it may be: it is printed, and nothing lies over it."""
    if link.isascii() and any(char.islower() for char in link):  # bytes in any case, not its denser alphabets
        symbols = _symbols(len(link))
        return _packed(symbols.drawn(link.encode()), symbols.side)
    return _bits(segno.make_qr(link, error="L"))


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


@lru_cache(maxsize=32)
def _symbols(length: int) -> Symbols:
    return Symbols(length)
