"""Walks the chain from settings to a guest's page: keys, records, storage, CloudFront, gate, page.

Each step says what holds or what is missing and how to mend it; the first that fails ends the walk.
"""

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import msgspec

from generator.press import Press
from generator.targets import distribution_facts, trusted_keys
from guestlink import records
from guestlink.errors import GuestLinkError, NotFound, Refused
from guestlink.settings import without_secrets
from guestlink.storage import ALWAYS_ASK

PROBE = "assets/check.txt"
SECONDS = 15.0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain; `text` is what holds, or what is missing with its mend."""

    name: str
    holds: bool
    text: str


def check(press: Press) -> Iterator[Step]:
    """The steps in order, ending with the first that does not hold."""
    walk: list[tuple[str, Callable[[Press], str]]] = [
        ("settings", _settings),
        ("keys", _keys),
        ("records", _records),
        ("storage", _storage),
        ("distribution", _distribution),
        ("gate", _gate),
        ("page", _page),
    ]
    for name, step in walk:
        try:
            yield Step(name=name, holds=True, text=step(press))
        except GuestLinkError as error:
            yield Step(name=name, holds=False, text=str(error))
            return


def _settings(press: Press) -> str:
    return f"{press.settings.file}: links begin with {press.settings.public_url}"


def _keys(press: Press) -> str:
    press.ring.signer(press.site.key_id)
    return f"{press.site.key_id} signs, {len(press.ring.stored.signing_keys)} trusted"


def _records(press: Press) -> str:
    with press.database.read() as db:
        houses = records.properties(db)
    if not houses:
        raise NotFound("There is no property.", hint="`publish.py property add SLUG` makes one.")
    return f"{without_secrets(press.settings.database_url)}: {', '.join(house.slug for house in houses)}"


def _storage(press: Press) -> str:
    storage = press.target.storage
    storage.put(PROBE, b"This object may be deleted.\n")
    try:
        storage.get(PROBE)
    finally:
        storage.delete(PROBE)
    return f"{press.target.name} can be written, read and deleted from"


def _distribution(press: Press) -> str:
    target = press.target
    if not target.distribution:
        return "none in site_url: the local edge or a CDN of your own serves the pages"
    facts = distribution_facts(target)
    host = urlsplit(press.settings.public_url).hostname
    if not facts["enabled"]:
        raise Refused("The distribution is disabled.", hint="Enable it in CloudFront.")
    if not facts["signed"] or not facts["key_groups"]:
        raise Refused(
            "The distribution does not guard /w/_/*.", hint="Deploy deploy/cloudfront.yaml: a key group."
        )
    keys = trusted_keys(target, facts["key_groups"])
    mine = press.ring.signing_key(press.site.key_id).public_pem.strip()
    if press.site.key_id not in keys:
        mend = f"Add the public half (`publish.py keys show {press.site.key_id}`) and `keys use KEY --id ID`."
        raise Refused(f"CloudFront's key group does not trust {press.site.key_id}.", hint=mend)
    if keys[press.site.key_id] != mine:
        raise Refused(
            f"CloudFront holds another public half for {press.site.key_id}.", hint="Deploy ours again."
        )
    if host not in facts["domains"] and host != "localhost":
        mend = f"Set public_url to https://{facts['domains'][0]}, or add the name as an alias."
        raise Refused(f"The distribution does not answer for {host}.", hint=mend)
    return f"{target.distribution} is enabled and trusts {press.site.key_id}"


def _gate(press: Press) -> str:
    answer = _fetch(press, _live_gate(press))
    if answer.status_code != httpx.codes.OK:
        mend = "Does the distribution's origin point at this bucket, and was `publish.py publish` run?"
        raise Refused(f"A live gate answers {answer.status_code}.", hint=mend)
    if answer.headers.get("cache-control") != ALWAYS_ASK:
        raise Refused(
            "A gate is served with other cache headers.", hint="The CDN must pass Cache-Control on."
        )
    return "a guest's link opens"


def _page(press: Press) -> str:
    gate = _fetch(press, _live_gate(press))
    found = re.search(r'href="(/w/_/[^"]+)"', gate.text)
    if not found:
        raise Refused("A gate leads nowhere.", hint="Run `publish.py publish`.")
    signed = html.unescape(found.group(1))
    page, bare = _fetch(press, signed), _fetch(press, signed.partition("?")[0])
    if page.status_code != httpx.codes.OK:
        mend = f"Is {press.site.key_id} trusted, and does public_url match what guests' browsers ask for?"
        raise Refused(f"A signed page answers {page.status_code}.", hint=mend)
    if bare.status_code not in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        raise Refused(
            f"A page without a signature answers {bare.status_code}.", hint="Guard /w/_/* with a key group."
        )
    return "a signed page opens, an unsigned one does not"


def _live_gate(press: Press) -> str:
    with press.database.read() as db:
        row = db.one("some_open_gate", target=press.target.name, pattern='%"stay":"open"%')
    if row is None:
        raise NotFound("No guest's link is live.", hint="Add a stay and run `publish.py publish`.")
    return f"/{row['path']}"


def _fetch(press: Press, path: str) -> httpx.Response:
    try:
        return httpx.get(press.settings.public_url + path, timeout=SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        mend = "Start `publish.py serve`, or check public_url and its DNS."
        raise NotFound(
            f"{press.settings.public_url} does not answer: {type(error).__name__}.", hint=mend
        ) from None
