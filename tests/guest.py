"""A guest with a link: goes through the gate to the page and opens what is sealed, as its script does."""

import base64
import html
import re
from collections.abc import Callable

import msgspec

from guestlink.crypto import PageSeal

Fetch = Callable[[str], bytes]


class Opened(msgspec.Struct, frozen=True):
    """What the guest sees: the page's own bytes, the two opened blocks, the signed address it came from."""

    page: str
    stay: str
    codes: str
    address: str


def split(link: str) -> tuple[str, bytes]:
    """The slug and K of a guest link."""
    found = re.fullmatch(r"https?://[^/]+/w/([\w-]{22})#([\w-]{22})", link)
    assert found, "not a guest link"
    return found[1], base64.urlsafe_b64decode(found[2] + "==")


def through_gate(fetch: Fetch, link: str) -> str:
    """The signed address that the gate leads to, or what the gate says instead."""
    gate = fetch(f"/w/{split(link)[0]}").decode()
    found = re.search(r'href="(/w/_/[^"]+)"', gate)
    return html.unescape(found[1]) if found else re.sub(r"(?s)<(style|script).*?</\1>|<[^>]+>", " ", gate)


def open_page(fetch: Fetch, link: str, *, language: str = "") -> Opened:
    """Opens the guest's page, in another language when told."""
    slug, key = split(link)
    address = through_gate(fetch, link)
    assert address.startswith("/w/_/"), address
    if language:
        address = re.sub(r"/[\w-]+\.html\?", f"/{language}.html?", address)
    page = fetch(address).decode()
    tag = re.search(r"/([\w-]+)\.html", address)
    assert tag
    blocks = {
        name: PageSeal(key).open(base64.b64decode(body), slug=slug, language=tag[1], block=name).decode()
        for name, body in re.findall(r'<template data-sealed="(\w+)">([^<]+)</template>', page)
    }
    return Opened(page, blocks.get("stay", ""), blocks.get("codes", ""), address)
