"""Fetches a feed from an https address of a public machine (guestlink/outside.py), or what is new of it.

Proxies of the environment are not used: they would resolve the name anew. Path and query of an address are
never shown.
"""

import httpx
import msgspec

from guestlink.addresses import Resolver, resolve
from guestlink.errors import InvalidInput, Outage, Refused
from guestlink.outside import Deadline, PublicOnly, asked_wait

SECONDS = 20.0
MOST_BYTES = 10 * 1024 * 1024
MOST_REDIRECTS = 3
LONGEST_VALIDATOR = 500
UNTOLD_WAIT = 300.0  # seconds, when a busy server does not say how long
LATER = "Try again later, or import a file that you downloaded yourself."
COPY_AGAIN = "Copy the address anew from the calendar's export page."
HEADERS = {"Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "gzip", "User-Agent": "guest-link"}
UNPACKED = ("", "identity", "gzip", "x-gzip", "deflate")  # each at most a thousandfold, and never nested


class Validators(msgspec.Struct, frozen=True, kw_only=True):
    """What a server called the copy that we have (RFC 9110, 8.8); empty where it said nothing."""

    etag: str = ""
    last_modified: str = ""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What came. Without a body when the server says that it is as it was; then nothing else has changed."""

    body: bytes = b""
    is_unchanged: bool = False
    validators: Validators = Validators()

    def __repr__(self) -> str:
        return f"Copy({len(self.body)} bytes)"


def download(
    address: str, *, resolver: Resolver = resolve, transport: httpx.BaseTransport | None = None
) -> bytes:
    """The body behind an https address, at most 10 MB within 20 seconds; follows up to three redirects.

    InvalidInput for an address that may not be fetched, Refused when its server does not give it, Outage when
    it does not answer. `resolver` and `transport` stand in for the network in tests.
    """
    return fetch_copy(address, resolver=resolver, transport=transport).body


def fetch_copy(
    address: str,
    known: Validators = Validators(),  # noqa: B008 - it is frozen
    *,
    resolver: Resolver = resolve,
    transport: httpx.BaseTransport | None = None,
) -> Copy:
    """The same, unless the server says that nothing has changed since it gave us what `known` is of.

    An Outage says by `retry_after` how many seconds the server wants to be left alone (RFC 9110, 10.2.3).
    """
    url = _parsed(address)
    deadline = Deadline(SECONDS)
    inner = transport or httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
    client = httpx.Client(
        transport=PublicOnly(inner, resolver, deadline),
        timeout=SECONDS,
        trust_env=False,
        headers=HEADERS,
        max_redirects=MOST_REDIRECTS,
    )
    headers, watched = _conditions(known), {"trace": deadline.saw}
    asked = client.stream("GET", url, headers=headers, extensions=watched, follow_redirects=True)
    try:
        with client, deadline, asked as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED and known != Validators():
                return Copy(is_unchanged=True, validators=known)
            _check_answer(answer, url.host)
            return Copy(body=_body(answer, url.host, deadline), validators=_validators(answer))
    except httpx.TooManyRedirects:
        raise Refused(f"{url.host} redirects more than {MOST_REDIRECTS} times.", hint=COPY_AGAIN) from None
    except httpx.TimeoutException:
        raise _too_slow(url.host) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if deadline.left() <= 0:
            raise _too_slow(url.host) from None
        named = "shows a certificate of another name" if "CERTIFICATE" in str(error) else "cannot be reached"
        raise Outage(f"{url.host} {named}.", hint=LATER, retry_after=60.0) from None


def host_of(address: str) -> str:
    """The name of the machine that an address leads to: all of it that may be shown."""
    try:
        return _parsed(address).host
    except InvalidInput:
        return ""


def _parsed(address: str) -> httpx.URL:
    scheme, _, rest = address.strip().partition("://")
    try:
        url = httpx.URL(f"https://{rest}" if scheme.lower() == "webcal" else address.strip())
    except httpx.InvalidURL:
        raise InvalidInput("The address cannot be read.", hint=COPY_AGAIN) from None
    if url.scheme != "https" or not url.host:
        mend = "Only https addresses are fetched."
        raise InvalidInput("The address does not begin with https://.", hint=mend)
    return url


def _conditions(known: Validators) -> dict[str, str]:
    told = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in told.items() if value}


def _validators(answer: httpx.Response) -> Validators:
    told = [answer.headers.get(name, "").strip() for name in ("etag", "last-modified")]
    etag, modified = (text if text.isascii() and len(text) <= LONGEST_VALIDATOR else "" for text in told)
    return Validators(etag=etag, last_modified=modified)


def _check_answer(answer: httpx.Response, host: str) -> None:
    code = answer.status_code
    if code in {408, 425, 429} or answer.is_server_error:
        raise Outage(f"{host} answers {code}.", hint=LATER, retry_after=asked_wait(answer, UNTOLD_WAIT))
    if code != httpx.codes.OK:
        raise Refused(f"{host} does not give the feed: it answers {code}.", hint=COPY_AGAIN)
    if answer.headers.get("content-encoding", "").strip().lower() not in UNPACKED:
        raise Refused(f"{host} packs the feed in a way that is not read.", hint=LATER)


def _body(answer: httpx.Response, host: str, deadline: Deadline) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(f"What {host} sends is larger than {MOST_BYTES >> 20} MB.", hint=COPY_AGAIN)
        if deadline.left() <= 0:
            raise _too_slow(host)
    return bytes(body)


def _too_slow(host: str) -> Outage:
    return Outage(f"{host} takes longer than {SECONDS:.0f} seconds.", hint=LATER, retry_after=60.0)
