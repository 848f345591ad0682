"""Pages -> bytes. Fragments once per section and language, frames once per phase; a stay only fills slots.

Everything shown is autoescaped data, decisions are made in `pages`, and equal input gives equal bytes.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from jinja2 import Template
from markupsafe import Markup, escape

from generator import blocks
from generator.content import HostContent, Section
from generator.fragments import Fragments
from generator.frames import SLOTS, Frame
from generator.pages import Page, Site
from generator.theme import Theme, gate_policy, page_policy
from generator.wording import Wording, dialled
from guestlink import language as languages
from guestlink.crypto import PageSeal
from guestlink.records import Property

__all__ = ["Private", "Renderer", "Theme"]


class Private(msgspec.Struct, frozen=True, kw_only=True):
    """What is opened for one link: the guest's name or nothing, values by secret id, K, the signed query."""

    name: str
    values: dict[str, str]
    page_key: bytes
    query: str

    def __repr__(self) -> str:
        return "Private(hidden)"
