"""Where a page leads beside its text: the bar, the door, a later check-out, other languages.

Values for templates only; which sections and services there are is decided in `pages`.
"""

from collections.abc import Sequence
from typing import Final

from generator.files.host_content import HostContent
from generator.pages import Page
from generator.parts.fragments import Fragments
from generator.parts.wording import Wording, dialled
from guestlink import language as languages

ENTRANCES: Final = ("door-code", "key-box", "gate-code")


def bar(page: Page, content: HostContent, fragments: Fragments, wording: Wording) -> list[dict[str, str]]:
    """The four ways within the thumb's reach; one that leads nowhere is left out.

    `first` is the secret whose card is gone to while the page has it, `href` the place that stays.
    """

    def section(icon: str) -> str:
        return next((f"#{key}" for key in page.clear if fragments.pick(key).icon == icon), "")

    t, over = wording.t, page.phase == "departed"
    codes = "#Codes" if content.reveal else ""
    door = "" if over else section("door") or codes
    wifi = "" if over else section("wifi") or (codes if content.wifi else "")
    around = "#Guide" if content.places else "" if over else section("map")
    entrance = next((name for name in ENTRANCES if name in content.reveal), "")
    address = "exact-address" if page.phase in {"booked", "arriving"} else ""
    call = f"tel:{dialled(content.phone)}" if content.phone else ""
    ask = "#Services" if page.services else call
    items = [
        {"icon": "door", "label": t("Door"), "href": door, "first": entrance},
        {"icon": "wifi", "label": t("Wi-Fi"), "href": wifi, "first": "wifi-password"},
        {"icon": "service" if page.services else "phone", "label": t("Ask"), "href": ask, "first": ""},
        {"icon": "map", "label": t("Map"), "href": around, "first": address},
    ]
    return [item for item in items if item["href"]]


def door(page: Page, leads: Sequence[str], fragments: Fragments) -> dict[str, object] | None:
    """The picture of the door beside the codes of a guest who is about to stand before it.

    `leads` are the sections that stand first.
    """
    doors = [key for key in leads if fragments.pick(key).icon == "door" and fragments.pick(key).picture]
    if page.phase != "arriving" or not doors:
        return None
    return {"picture": fragments.picture(doors[0]), "href": f"#{doors[0]}"}


def later(page: Page, content: HostContent) -> str:
    """The key of the service with a check-out that is later than this guest's; empty where there is none."""
    if page.phase not in {"in_house", "departing"}:
        return ""
    stay, house = page.view.stay, page.view.house
    for key in page.services:
        what, _, when = content.pick(content.services[key], page.language).changes.partition(" ")
        if what == "check-out" and when > (stay.check_out or house.check_out):
            return key
    return ""


def late(page: Page, content: HostContent, wording: Wording) -> dict[str, str] | None:
    """A later check-out, where the guest can ask for one."""
    key = later(page, content)
    if not key:
        return None
    service = content.pick(content.services[key], page.language)
    price = wording.price(service)
    return {"title": service.title, "price": price, "href": f"#Service-{service.key}"}


def offered(page: Page) -> list[dict[str, str]]:
    """The languages of this link, or none when there is no choice."""
    if len(page.languages) == 1:
        return []
    return [
        {"tag": tag, "name": languages.native_name(tag), "dir": languages.direction(tag)}
        for tag in page.languages
    ]
