"""Who sees which object of the site, and with which headers."""

import gzip
import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl

import brotli  # type: ignore[import-untyped]
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from edge_api.site import object_key
from tests.edge_api import house as place
from tests.edge_api.house import House

Guest = TestClient[Litestar]
A_GATE, A_PAGE, A_STYLE = f"/w/{place.SLUG}", f"/w/_/{place.SLUG}/en.html", "/assets/welcome.0a1b2c3d.css"
Tampering = Callable[[House], str]


# -- the lock ------------------------------------------------------------------------------------
def parts(query: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in query.split("&"))


def joined(pairs: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs.items())


def without(name: str) -> Tampering:
    def tampered(house: House) -> str:
        return joined({key: value for key, value in parts(house.sign()).items() if key != name})

    return tampered


def altered(name: str) -> Tampering:
    """One character in the middle of a parameter becomes another one of the same alphabet."""

    def tampered(house: House) -> str:
        pairs = parts(house.sign())
        value = pairs[name]
        middle = len(value) // 2
        pairs[name] = value[:middle] + ("B" if value[middle] == "A" else "A") + value[middle + 1 :]
        return joined(pairs)

    return tampered


def replaced(name: str, value: str) -> Tampering:
    return lambda house: joined(parts(house.sign()) | {name: value})


REFUSED: dict[str, tuple[Tampering, str]] = {
    "no query": (lambda _: "", "signature-missing"),
    "another query": (lambda _: "utm_source=letter", "signature-missing"),
    "no policy": (without("Policy"), "signature-missing"),
    "no signature": (without("Signature"), "signature-missing"),
    "no key id": (without("Key-Pair-Id"), "signature-missing"),
    "no hash algorithm": (without("Hash-Algorithm"), "signature-wrong"),
    "weaker hash algorithm": (replaced("Hash-Algorithm", "SHA1"), "signature-wrong"),
    "empty policy": (replaced("Policy", ""), "signature-wrong"),
    "empty signature": (replaced("Signature", ""), "signature-wrong"),
    "a byte of the policy": (altered("Policy"), "signature-wrong"),
    "a byte of the signature": (altered("Signature"), "signature-wrong"),
    "letters that are not base64": (replaced("Signature", "%00é!"), "signature-wrong"),
    "somebody else's key id": (altered("Key-Pair-Id"), "unknown-key"),
    "no key of ours": (replaced("Key-Pair-Id", "K0000000000000"), "unknown-key"),
    "another stay's link": (lambda house: house.sign(place.OTHER_SLUG), "other-folder"),
    "an added query": (lambda house: house.sign() + "&utm_source=letter", "other-folder"),
    "a parameter twice": (lambda house: house.sign() + "&Policy=eyJ9", "parameter-given-twice"),
    "the same policy twice": (
        lambda house: f"{house.sign()}&Policy={parts(house.sign())['Policy']}",
        "parameter-given-twice",
    ),
    "over since a moment": (lambda house: house.sign(ends=house.at), "expired"),
    "over since a month": (lambda house: house.sign(ends=house.at - timedelta(days=30)), "expired"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_page_without_a_right_signature_is_refused(
    still: House, passer: Guest, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    tampered, reason = REFUSED[case]
    answer = passer.get(still.page(query=tampered(still)))
    assert (answer.status_code, answer.content) == (403, place.NOT_THERE)
    assert answer.headers["Cache-Control"] == "max-age=0, s-maxage=60, must-revalidate"
    assert "etag" not in answer.headers
    assert [record.getMessage() for record in caplog.records] == [f"edge-refused reason={reason}"]


def test_a_refusal_says_the_same_for_a_page_that_does_not_exist(still: House, passer: Guest) -> None:
    there, nowhere = passer.get(A_PAGE), passer.get("/w/_/" + "N" * 22 + "/en.html")
    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
    assert dict(there.headers) == dict(nowhere.headers)


def test_a_right_signature_opens_every_language_of_its_stay(still: House, passer: Guest) -> None:
    query = still.sign()
    assert passer.get(still.page("en", query=query)).content == place.PAGE
    assert passer.get(still.page("de", query=query)).content == place.SEITE
    assert passer.get(still.page("fr", query=query)).status_code == 404


def test_the_order_of_the_parameters_does_not_matter(still: House, passer: Guest) -> None:
    turned = joined(dict(reversed(parts(still.sign()).items())))
    assert passer.get(still.page(query=turned)).status_code == 200


def test_a_page_ends_when_its_policy_ends(house: House) -> None:
    ends = house.at + timedelta(minutes=1)
    link = house.page(query=house.sign(ends=ends.replace(microsecond=0)))
    with house.client() as guest:
        assert guest.get(link).status_code == 200
        house.at = ends
        assert guest.get(link).status_code == 403


def test_a_page_opens_under_its_public_address_only(house: House) -> None:
    with house.client(public_url="https://stay.example.com") as guest:
        assert guest.get(house.page()).status_code == 403


def test_another_spelling_of_the_folder_is_locked_too(house: House, guest: Guest) -> None:
    house.put(f"W/_/{place.SLUG}/en.html", place.PAGE)  # as a folder on macOS would find it
    assert guest.get(f"/W/_/{place.SLUG}/en.html").status_code == 403


# -- rotation of the signing key -----------------------------------------------------------------
def test_two_keys_are_good_at_once_and_a_retired_one_no_more(house: House, guest: Guest) -> None:
    old = house.page()
    second = house.add_key()
    new = house.page(query=house.sign(key_id=second))
    assert [guest.get(link).status_code for link in (old, new)] == [200, 200]
    house.retire_key(house.key_id)
    assert [guest.get(link).status_code for link in (old, new)] == [403, 200]


def test_keys_that_cannot_be_read_leave_the_known_ones_in_force(
    house: House, guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    link = house.page()
    house.settings.keys_file.write_text("{")
    assert [guest.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert [record.getMessage() for record in caplog.records] == ["edge-keys-unreadable kept=1"]


# -- what is public ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/", "text/html; charset=utf-8", place.LANDING),
        ("/?ref=mail", "text/html; charset=utf-8", place.LANDING),
        (f"/w/{place.SLUG}", "text/html; charset=utf-8", place.GATE),
        (f"/w/{place.SLUG}?utm_source=wa&Policy=x", "text/html; charset=utf-8", place.GATE),
        ("/w/sw.js", "text/javascript; charset=utf-8", place.WORKER),
        (A_STYLE, "text/css; charset=utf-8", place.STYLE),
        (A_STYLE + "?v=2", "text/css; charset=utf-8", place.STYLE),
        ("/assets/p/00ff00ff00ff00ff.svg", "image/svg+xml; charset=utf-8", place.PICTURE),
        ("/assets/p/11ee11ee11ee11ee.jpg", "image/jpeg", place.PHOTO),
        ("/staff/index.html", "text/html; charset=utf-8", place.LANDING),
        ("/staff/", "text/html; charset=utf-8", place.LANDING),
        ("/host/index.html", "text/html; charset=utf-8", place.LANDING),
    ],
)
def test_public_objects_are_served(passer: Guest, path: str, media_type: str, body: bytes) -> None:
    answer = passer.get(path)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Length"] == str(len(body))
    immutable = "public, max-age=31536000, immutable"
    seldom = "max-age=0, s-maxage=60, must-revalidate"
    assert answer.headers["Cache-Control"] == (immutable if "/assets/" in path else seldom)


@pytest.mark.parametrize(
    "path",
    [f"/w/{place.OTHER_SLUG}", "/w/", "/w", "/w/_", "/assets/none.css", "/staff", "/host/", "/.lock"],
)
def test_what_is_not_there_is_404_with_the_error_page(passer: Guest, path: str) -> None:
    answer = passer.get(path)
    assert (answer.status_code, answer.content) == (404, place.NOT_THERE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "max-age=0, s-maxage=60, must-revalidate"
    assert "etag" not in answer.headers


def test_without_an_error_page_there_is_a_plain_sentence(house: House, guest: Guest) -> None:
    (house.site / "404.html").unlink()
    answer = guest.get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "There is nothing here.\n")


@pytest.mark.parametrize(
    "path",
    [f"/w/_/{place.SLUG}/.en.html.4711", f"/w/.{place.SLUG}.4711", "/.lock", "/w/../.lock", "//.lock"],
)
def test_a_hidden_file_is_nobodys(path: str) -> None:
    assert object_key(path) is None


@pytest.mark.parametrize(("length", "known"), [(255, True), (256, False)])
def test_a_name_no_file_system_holds_is_not_asked_for(length: int, known: bool) -> None:
    assert (object_key("/w/" + "a" * length) is not None) is known
    assert object_key("/a" * 513) is None


def test_a_changed_file_is_served_at_once(house: House, guest: Guest) -> None:
    before = guest.get("/")
    house.put("index.html", b"<p>new</p>")
    after = guest.get("/", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.content) == (200, b"<p>new</p>")
    (house.site / "index.html").unlink()
    assert guest.get("/").status_code == 404


# -- methods -------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", A_GATE, "/nowhere", A_PAGE])
def test_only_get_and_head_are_answered(passer: Guest, method: str, path: str) -> None:
    answer = passer.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/nowhere", A_STYLE, A_PAGE])
@pytest.mark.parametrize("coding", ["identity", "br", "gzip"])
def test_head_has_the_headers_of_get_and_no_body(passer: Guest, path: str, coding: str) -> None:
    accept = {"Accept-Encoding": coding}
    with passer.stream("GET", path, headers=accept) as whole:
        length = sum(map(len, whole.iter_raw()))
    head = passer.head(path, headers=accept)
    assert dict(head.headers) == dict(whole.headers)
    assert head.headers["Content-Length"] == str(length)
    assert head.content == b""


# -- compression and repeated visits -------------------------------------------------------------
def raw(guest: Guest, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """An answer with its body as it was on the wire."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with guest.stream("GET", path, headers=named) as answer:
        return answer.status_code, dict(answer.headers), b"".join(answer.iter_raw())


def test_a_page_is_compressed_and_comes_out_whole(still: House, passer: Guest) -> None:
    link = still.page()
    _, plain_headers, plain = raw(passer, link)
    _, br_headers, br = raw(passer, link, accept_encoding="gzip, deflate, br")
    _, gzip_headers, gzipped = raw(passer, link, accept_encoding="gzip, deflate")
    assert brotli.decompress(br) == gzip.decompress(gzipped) == plain == place.PAGE
    assert max(len(br), len(gzipped)) < len(plain) / 4
    all_headers = (plain_headers, br_headers, gzip_headers)
    assert [headers.get("content-encoding") for headers in all_headers] == [None, "br", "gzip"]
    assert {headers["vary"] for headers in all_headers} == {"Accept-Encoding"}
    assert len({headers["etag"] for headers in all_headers}) == 3
    assert not any(headers["etag"].startswith("W/") for headers in all_headers)


@pytest.mark.parametrize("path", [f"/w/{place.SLUG}", "/assets/p/11ee11ee11ee11ee.jpg"])
def test_what_would_not_shrink_is_sent_as_it_is(passer: Guest, path: str) -> None:
    _, headers, body = raw(passer, path, accept_encoding="br, gzip")
    assert "content-encoding" not in headers
    assert headers["content-length"] == str(len(body))


def test_the_error_page_is_compressed_too(passer: Guest) -> None:
    status, headers, body = raw(passer, "/nowhere", accept_encoding="br")
    assert (status, headers["content-encoding"], brotli.decompress(body)) == (404, "br", place.NOT_THERE)


@pytest.mark.parametrize("coding", ["identity", "br", "gzip"])
def test_who_has_a_page_already_gets_304(still: House, passer: Guest, coding: str) -> None:
    link, accept = still.page(), {"Accept-Encoding": coding}
    first = passer.get(link, headers=accept)
    tag = first.headers["ETag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', f'W/"other",{tag}', "*", " * "):
        again = passer.get(link, headers=accept | {"If-None-Match": held})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary", "Content-Security-Policy"):
            assert again.headers[name] == first.headers[name]
        assert not {"content-length", "content-type", "content-encoding"} & set(again.headers)
    for held in ('"other"', tag.strip('"'), "", '"*"'):
        assert passer.get(link, headers=accept | {"If-None-Match": held}).status_code == 200


def test_a_304_needs_the_signature_as_well(still: House, passer: Guest) -> None:
    tag = passer.get(still.page()).headers["ETag"]
    assert passer.get(still.page(query=""), headers={"If-None-Match": tag}).status_code == 403


# -- headers -------------------------------------------------------------------------------------
GUARDS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
EVERYWHERE = ["/", "/nowhere", A_GATE, A_PAGE, "/api/health", "/api/none", "/%2e"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_is_guarded(passer: Guest, path: str) -> None:
    headers = passer.get(path).headers
    assert {name: headers[name] for name in GUARDS} == GUARDS
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_site_with_https_insists_on_it(house: House, path: str) -> None:
    with house.client(public_url="https://stay.example.com") as guest:
        assert guest.get(path).headers["Strict-Transport-Security"] == "max-age=63072000"


def test_the_worker_may_fetch_pages_and_nothing_else(passer: Guest) -> None:
    policy = passer.get("/w/sw.js").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"


def test_a_picture_opened_by_itself_can_do_nothing(passer: Guest) -> None:
    policy = passer.get("/assets/p/00ff00ff00ff00ff.svg").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


# -- the world is down ---------------------------------------------------------------------------
def test_a_storage_that_is_down_is_503_and_no_old_copy(
    house: House, guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    link = house.page()
    assert guest.get(link).status_code == 200
    file = house.site / "w" / "_" / place.SLUG / "en.html"
    file.unlink()
    file.symlink_to(file)  # cannot be read, not even by root
    answer = guest.get(link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text == "This page cannot be shown right now. Try again in a moment.\n"
    assert [record.getMessage() for record in caplog.records] == ["edge-failed status=503 error=Outage"]


def test_a_good_request_leaves_no_line_in_the_log(
    still: House, passer: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="guestlink"):
        for path in (still.page(), f"/w/{place.SLUG}", "/", "/nowhere"):
            passer.get(path)
    assert [record for record in caplog.records if record.name.startswith("guestlink")] == []


def test_the_signed_query_is_what_cloudfront_asks_for(house: House) -> None:
    names = [name for name, _ in parse_qsl(house.sign())]
    assert names == ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"]
