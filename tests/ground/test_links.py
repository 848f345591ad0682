"""Gate links and signed URLs: what CloudFront would serve, and each reason to refuse."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import msgspec
import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from guestlink import links
from guestlink.crypto import KeyRing, new_keys, new_signing_key
from guestlink.errors import NotAllowed
from tests.databases import AT

SITE = "https://stay.example.com"
SLUG = "AAAAAAAAAAAAAAAAAAAAAA"
OTHER = "BBBBBBBBBBBBBBBBBBBBBB"
PAGE = f"{SITE}/w/_/{SLUG}/en.html"
ENDS = datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RING = KeyRing(
    msgspec.structs.replace(
        new_keys(AT), signing_keys=tuple(new_signing_key(AT, key_id=i) for i in ("K1", "K2"))
    )
)
POLICY = links.policy_text(SITE, SLUG, ENDS)
QUERY = links.signed_query(POLICY, key=RING.signer("K1"), key_id="K1")


def trusted(key_id: str) -> str | None:
    return next((key.public_pem for key in RING.stored.signing_keys if key.id == key_id), None)


def refusal(query: str = QUERY, *, url: str = PAGE, at: datetime = AT) -> str:
    return links.refusal(url, query, public_key_pem=trusted, at=at)


def part(name: str) -> str:
    return parse_qs(QUERY)[name][0]


def with_part(name: str, value: str) -> str:
    return QUERY.replace(f"{name}={part(name)}", f"{name}={value}")


def without_part(name: str) -> str:
    return "&".join(pair for pair in QUERY.split("&") if not pair.startswith(f"{name}="))


# -- what is sent -----------------------------------------------------------------------------------
def test_a_gate_link_is_short_and_carries_the_key_after_the_hash() -> None:
    link = links.gate_link(SITE, SLUG, bytes(16))
    assert link == f"{SITE}/w/{SLUG}#AAAAAAAAAAAAAAAAAAAAAA"
    assert len(link) <= 79


def test_slugs_and_keys_are_128_random_bits() -> None:
    slugs = {links.new_slug() for _ in range(1000)}
    assert len(slugs) == 1000
    assert all(links.SLUG.match(slug) and len(base64.urlsafe_b64decode(slug + "==")) == 16 for slug in slugs)
    assert len({links.new_page_key() for _ in range(1000)}) == 1000
    assert len(links.new_page_key()) == 16


@pytest.mark.parametrize("text", ["", "A" * 21, "A" * 23, "A" * 21 + "/", "A" * 22 + "\n", "A" * 21 + "é"])
def test_what_is_no_slug_is_not_taken_for_one(text: str) -> None:
    assert not links.SLUG.match(text)


@pytest.mark.parametrize(
    ("tag", "known"), [("en", True), ("pt-BR", True), ("zh-Hant-TW", True), ("EN", False)]
)
def test_a_language_tag_is_a_language_tag(tag: str, known: bool) -> None:
    assert bool(links.LANGUAGE_TAG.match(tag)) is known


@pytest.mark.parametrize("tag", ["", "e", "en/", "..", "en\n", "en-", "../../en", "en.html"])
def test_a_path_is_no_language_tag(tag: str) -> None:
    assert not links.LANGUAGE_TAG.match(tag)


def test_gates_and_pages_have_their_places() -> None:
    assert links.gate_path(SLUG) == f"w/{SLUG}"
    assert links.page_path(SLUG, "pt-BR") == f"w/_/{SLUG}/pt-BR.html"


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
def test_a_policy_ends_30_to_61_days_after_departure_and_tells_only_the_month(
    departure: date, later: int
) -> None:
    ends = links.policy_end(departure)
    assert timedelta(days=30) <= ends.date() - departure <= timedelta(days=61)
    assert ends == ends.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert links.policy_end(departure + timedelta(days=later)) >= ends


# -- what is signed ---------------------------------------------------------------------------------
def test_a_signed_page_is_served() -> None:
    assert refusal() == ""


def test_every_language_of_the_link_is_served_with_the_same_signature() -> None:
    for tag in ("de", "pt-BR", "ja"):
        assert refusal(url=f"{SITE}/w/_/{SLUG}/{tag}.html") == ""


def test_signing_twice_gives_the_same_bytes() -> None:
    assert links.signed_query(POLICY, key=RING.signer("K1"), key_id="K1") == QUERY


def test_pages_signed_with_either_of_two_keys_are_served() -> None:
    assert refusal(links.signed_query(POLICY, key=RING.signer("K2"), key_id="K2")) == ""


def test_the_order_of_the_parameters_does_not_matter() -> None:
    assert refusal("&".join(reversed(QUERY.split("&")))) == ""


def test_the_policy_is_the_custom_policy_that_amazon_documents() -> None:
    assert POLICY == (
        '{"Statement":[{"Resource":"https://stay.example.com/w/_/AAAAAAAAAAAAAAAAAAAAAA/*.html",'
        '"Condition":{"DateLessThan":{"AWS:EpochTime":1798761600}}}]}'
    )


def test_the_signature_is_checked_by_a_reader_that_shares_no_code() -> None:
    given_ = {name: values[0] for name, values in parse_qs(QUERY).items()}
    assert sorted(given_) == ["Hash-Algorithm", "Key-Pair-Id", "Policy", "Signature"]
    assert (given_["Hash-Algorithm"], given_["Key-Pair-Id"]) == ("SHA256", "K1")
    raw = {name: base64.b64decode(_as_base64(given_[name])) for name in ("Policy", "Signature")}
    assert json.loads(raw["Policy"])["Statement"][0]["Resource"].endswith(f"/{SLUG}/*.html")
    public = load_pem_public_key(RING.signing_key("K1").public_pem.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(raw["Signature"], raw["Policy"], ec.ECDSA(SHA256()))


def _as_base64(text: str) -> str:
    return text.replace("-", "+").replace("_", "=").replace("~", "/")


def test_amazons_own_signer_makes_the_same_url() -> None:
    """It does not know the parameter of the hash algorithm (2026); all else is byte for byte the same."""
    key = RING.signer("K1")
    signer = CloudFrontSigner(
        "K1", lambda message: key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
    )
    theirs = signer.generate_presigned_url(PAGE, policy=POLICY)
    assert f"{theirs}&Hash-Algorithm=SHA256" == f"{PAGE}?{QUERY}"


@given(st.binary(max_size=80))
def test_bytes_survive_cloudfronts_alphabet(raw: bytes) -> None:
    text = links.cloudfront_text(raw)
    assert links.cloudfront_bytes(text) == raw
    assert not set(text) & set("+=/&? ")


# -- what is refused --------------------------------------------------------------------------------
FORGED = links.cloudfront_text(POLICY.replace("1798761600", "1998761600").encode())
FOREIGN = new_signing_key(AT, key_id="K1")
ANY = links.cloudfront_text(links.policy_text(SITE, "*", ENDS).encode())


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param("", "signature missing", id="no query at all"),
        pytest.param(without_part("Policy"), "signature missing", id="no policy"),
        pytest.param(without_part("Signature"), "signature missing", id="no signature"),
        pytest.param(without_part("Key-Pair-Id"), "signature missing", id="no key"),
        pytest.param(
            without_part("Hash-Algorithm"), "signature wrong", id="no hash algorithm: SHA-1 is meant then"
        ),
        pytest.param(with_part("Hash-Algorithm", "SHA1"), "signature wrong", id="another hash algorithm"),
        pytest.param(with_part("Hash-Algorithm", ""), "signature wrong", id="an empty hash algorithm"),
        pytest.param(with_part("Policy", FORGED), "signature wrong", id="a later end"),
        pytest.param(with_part("Policy", ANY), "signature wrong", id="a policy for all links"),
        pytest.param(with_part("Policy", ""), "signature wrong", id="an empty policy"),
        pytest.param(with_part("Policy", "ü"), "signature wrong", id="a policy in no alphabet"),
        pytest.param(with_part("Policy", "A"), "signature wrong", id="a policy cut within a byte"),
        pytest.param(with_part("Signature", ""), "signature wrong", id="an empty signature"),
        pytest.param(with_part("Signature", "AAAA"), "signature wrong", id="a signature that is none"),
        pytest.param(with_part("Signature", part("Signature")[:-4]), "signature wrong", id="a cut signature"),
        pytest.param(with_part("Key-Pair-Id", "K2"), "signature wrong", id="the other key's name"),
        pytest.param(with_part("Key-Pair-Id", "K9"), "unknown key", id="an unknown key"),
        pytest.param(with_part("Key-Pair-Id", ""), "unknown key", id="an empty key"),
        pytest.param(QUERY + "&Policy=x", "parameter given twice", id="a second policy"),
        pytest.param(QUERY + "&" + QUERY, "parameter given twice", id="everything twice"),
        pytest.param(QUERY + "&utm_source=mail", "other folder", id="an added query"),
        pytest.param(QUERY + "&a", "other folder", id="an added word"),
        pytest.param(QUERY + "&a=1&a=2", "parameter given twice", id="an added query twice"),
        pytest.param(
            links.signed_query(
                POLICY,
                key=KeyRing(msgspec.structs.replace(new_keys(AT), signing_keys=(FOREIGN,))).signer("K1"),
                key_id="K1",
            ),
            "signature wrong",
            id="a stranger's key under our key's name",
        ),
    ],
)
def test_a_query_that_is_not_ours_is_refused(query: str, reason: str) -> None:
    assert refusal(query) == reason


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{SITE}/w/_/{OTHER}/en.html", id="another guest's page"),
        pytest.param(f"{SITE}/w/_/{SLUG}/en.htm", id="another ending"),
        pytest.param(f"{SITE}/w/_/{SLUG}/", id="the folder"),
        pytest.param(f"{SITE}/staff/board.html", id="another part of the site"),
        pytest.param(f"http://stay.example.com/w/_/{SLUG}/en.html", id="without TLS"),
        pytest.param(f"https://example.com/w/_/{SLUG}/en.html", id="another site"),
        pytest.param(f"https://stayXexample.com/w/_/{SLUG}/en.html", id="a dot is no wildcard"),
        pytest.param(f"{SITE}/w/_/{SLUG.lower()}/en.html", id="another case"),
    ],
)
def test_a_signature_unlocks_its_own_folder_only(url: str) -> None:
    assert refusal(url=url) == "other folder"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param(ENDS - SECOND, "", id="in the last second"),
        pytest.param(ENDS - timedelta(milliseconds=1), "", id="in the last millisecond"),
        pytest.param(ENDS, "expired", id="at the second of its end"),
        pytest.param(ENDS + timedelta(days=400), "expired", id="a year later"),
    ],
)
def test_a_signature_ends_at_the_second(at: datetime, reason: str) -> None:
    assert refusal(at=at) == reason


@given(st.integers(0, len(QUERY) - 1), st.sampled_from("AZaz09-_~=&"))
def test_no_single_changed_character_is_served_unless_it_says_the_same(index: int, letter: str) -> None:
    altered = QUERY[:index] + letter + QUERY[index + 1 :]
    if not refusal(altered):
        assert _meaning(altered) == _meaning(QUERY)


def _meaning(query: str) -> dict[str, object]:
    given_ = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    return {
        name: links.cloudfront_bytes(value) if name in ("Policy", "Signature") else value
        for name, value in given_.items()
    }


def _signed(policy: str) -> str:
    return links.signed_query(policy, key=RING.signer("K1"), key_id="K1")


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "[]",
        "{}",
        '{"Statement":[]}',
        '{"Statement":[{}]}',
        '{"Statement":[{"Resource":"*","Condition":{}}]}',
        "null",
    ],
)
def test_a_policy_without_an_end_is_refused_even_when_signed(policy: str) -> None:
    assert refusal(_signed(policy)) == "signature wrong"


def test_a_key_that_was_retired_is_unknown() -> None:
    nobody: Callable[[str], str | None] = {}.get
    assert links.refusal(PAGE, QUERY, public_key_pem=nobody, at=AT) == "unknown key"


def test_a_policy_does_not_tell_the_day_of_departure() -> None:
    """The gate is public: whoever has the slug can read when the policy ends."""
    ends = {links.policy_text(SITE, SLUG, links.policy_end(date(2026, 11, day))) for day in range(2, 31)}
    assert ends == {POLICY}


# -- page tokens -----------------------------------------------------------------------------------
LINK_ID = "01a203df-e148-7c92-8119-6773653d612b"


class OneLink(msgspec.Struct, frozen=True):
    id: str = LINK_ID
    generation: int = 1


TOKEN = links.page_token(RING, OneLink(), ENDS)


def test_a_page_token_says_link_generation_and_end_and_is_equal_for_equal_input() -> None:
    told = links.read_page_token(RING, TOKEN, at=ENDS - SECOND)
    assert (told.link_id, told.generation, told.ends) == (LINK_ID, 1, ENDS)
    assert links.page_token(RING, OneLink(), ENDS) == TOKEN
    assert re.fullmatch(r"[A-Za-z0-9_-]{59}", TOKEN)


def test_each_of_link_generation_and_end_makes_another_token() -> None:
    other = OneLink(id="01a203df-e148-7c92-8119-6773653d612c")
    made = {
        TOKEN,
        links.page_token(RING, other, ENDS),
        links.page_token(RING, OneLink(generation=2), ENDS),
        links.page_token(RING, OneLink(), ENDS + SECOND),
    }
    assert len(made) == 4


@given(place=st.integers(0, 58), char=st.sampled_from("AQgw_-09z"))
def test_a_token_with_one_character_changed_is_none(place: int, char: str) -> None:
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(NotAllowed):
            links.read_page_token(RING, changed, at=AT)


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[A-Za-z0-9_-]{59}", fullmatch=True)))
def test_what_is_no_token_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        links.read_page_token(RING, text, at=AT)
    assert refusal.value.message == NotAllowed().message


def test_a_token_ends_and_another_ring_knows_it_not() -> None:
    with pytest.raises(NotAllowed):
        links.read_page_token(RING, TOKEN, at=ENDS)
    with pytest.raises(NotAllowed):
        links.read_page_token(KeyRing(new_keys(AT)), TOKEN, at=AT)


# -- tokens that stop e-mails ------------------------------------------------------------------------
TALK = "019a2b3c-0000-7000-8000-0000000000aa"


def test_a_token_that_stops_e_mails_names_a_conversation_and_nothing_else() -> None:
    token = links.mail_token(RING, TALK)
    assert links.read_mail_token(RING, token) == TALK
    assert (len(token), TALK in token) == (43, False)


@pytest.mark.parametrize(
    "text",
    ["", "x", links.mail_token(RING, TALK)[:-1], TOKEN, "A" * 43, "é" * 43],
    ids=["nothing", "a letter", "a shorter one", "a page's", "one that is made up", "letters that are none"],
)
def test_nothing_else_stops_e_mails(text: str) -> None:
    with pytest.raises(NotAllowed):
        links.read_mail_token(RING, text)
    with pytest.raises(NotAllowed):
        links.read_page_token(RING, links.mail_token(RING, TALK), at=AT)
