"""Sealed columns, the blind index, the seal of a page and the file of the keys."""

import hmac
import os
import stat
import struct
import zlib
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from guestlink.crypto import (
    GUIDE_ALPHABET,
    NONCE_BYTES,
    ColumnKey,
    KeyRing,
    PageSeal,
    StoredColumnKey,
    StoredKeys,
    authenticated,
    derive,
    new_keys,
    new_signing_key,
    read_keys,
    write_keys,
)
from guestlink.errors import Refused, SettingsError
from tests.databases import AT

ROW = "0193b2c4-0000-7000-8000-000000000001"
OTHER_ROW = "0193b2c4-0000-7000-8000-000000000002"
K = bytes(range(16))
SEALED_ONCE = "3ey6mULwPTr7uCCHM/FO1x7QqjBMnBsYRS7r3+ln7N6pnzqLyU6DTQ=="
GUIDE_CODE_ONCE = "mmp641n3zj"
HERE = {"slug": "s" * 22, "language": "en", "block": "stay"}


def rotated(stored: StoredKeys) -> StoredKeys:
    newest = max(key.id for key in stored.column_keys)
    fresh = StoredColumnKey(id=newest + 1, made_at="", key=os.urandom(32))
    return msgspec.structs.replace(stored, column_keys=(*stored.column_keys, fresh))


# -- sealed columns ---------------------------------------------------------------------------------
def test_a_sealed_value_opens_in_its_own_place(ring: KeyRing) -> None:
    sealed = ring.seal("4711 – Tür", "secrets", "value", row=ROW)
    assert ring.open(sealed, "secrets", "value", row=ROW) == "4711 – Tür"


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        pytest.param("contacts", "value", ROW, id="another table"),
        pytest.param("secrets", "name", ROW, id="another column"),
        pytest.param("secrets", "value", OTHER_ROW, id="another row"),
        pytest.param("secretsv", "alue", ROW, id="the same letters cut elsewhere"),
    ],
)
def test_a_sealed_value_opens_nowhere_else(ring: KeyRing, table: str, column: str, row: str) -> None:
    sealed = ring.seal("4711", "secrets", "value", row=ROW)
    with pytest.raises(Refused, match="restore data/keys from the backup"):
        ring.open(sealed, table, column, row=row)


def test_the_same_value_never_looks_the_same(ring: KeyRing) -> None:
    assert len({ring.seal("4711", "secrets", "value", row=ROW) for _ in range(100)}) == 100


def test_what_is_sealed_cannot_be_read(ring: KeyRing) -> None:
    assert b"Quayside" not in ring.seal("9 Quayside", "secrets", "value", row=ROW)


def test_a_change_of_any_byte_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal("4711", "secrets", "value", row=ROW)
    for index in range(len(sealed)):
        altered = bytearray(sealed)
        altered[index] ^= 1
        with pytest.raises(Refused):
            ring.open(bytes(altered), "secrets", "value", row=ROW)


def test_a_value_that_was_cut_short_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal("4711", "secrets", "value", row=ROW)
    for length in range(len(sealed)):
        with pytest.raises(Refused):
            ring.open(sealed[:length], "secrets", "value", row=ROW)


def test_another_key_ring_opens_nothing(ring: KeyRing) -> None:
    with pytest.raises(Refused):
        KeyRing(new_keys(AT)).open(
            ring.seal("4711", "secrets", "value", row=ROW), "secrets", "value", row=ROW
        )


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    old = KeyRing(new_keys(AT))
    before = old.seal("4711", "secrets", "value", row=ROW)
    new = KeyRing(rotated(old.stored))
    after = new.seal("4712", "secrets", "value", row=ROW)
    assert new.open(before, "secrets", "value", row=ROW) == "4711"
    assert new.open(after, "secrets", "value", row=ROW) == "4712"
    with pytest.raises(Refused, match="names a key that is not in the key ring"):
        old.open(after, "secrets", "value", row=ROW)


def test_a_guests_key_opens_what_it_sealed_as_long_as_it_is_kept(ring: KeyRing) -> None:
    key, wrapped = ring.new_guest_key("ana")
    sealed = key.seal("Ana", "contacts", "name", row="ana")
    assert ring.guest_key(wrapped, "ana").open(sealed, "contacts", "name", row="ana") == "Ana"


def test_a_guests_key_survives_a_rotation(ring: KeyRing) -> None:
    key, wrapped = ring.new_guest_key("ana")
    sealed = key.seal("Ana", "contacts", "name", row="ana")
    later = KeyRing(rotated(ring.stored))
    assert later.guest_key(wrapped, "ana").open(sealed, "contacts", "name", row="ana") == "Ana"


def test_a_guests_key_is_nobody_elses(ring: KeyRing) -> None:
    _, wrapped = ring.new_guest_key("ana")
    with pytest.raises(Refused):
        ring.guest_key(wrapped, "tomas")
    anas, _ = ring.new_guest_key("ana")
    toms, _ = ring.new_guest_key("tomas")
    with pytest.raises(Refused):
        toms.open(anas.seal("Ana", "contacts", "name", row="ana"), "contacts", "name", row="ana")


# -- parts that are bound together ------------------------------------------------------------------
@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_no_two_lists_of_parts_read_the_same(one: list[str], other: list[str]) -> None:
    assert (authenticated(*one) == authenticated(*other)) == (one == other)


def test_parts_that_run_together_are_told_apart() -> None:
    assert authenticated("ab", "c") != authenticated("a", "bc")
    assert authenticated("a", "") != authenticated("a")


# -- looking up without reading ---------------------------------------------------------------------
def test_equal_values_have_equal_tokens_and_tokens_say_nothing(ring: KeyRing) -> None:
    token = ring.blind("phone", "447700900123")
    assert token == ring.blind("phone", "447700900123")
    assert len(token) == 32
    assert "447700900123" not in token


def test_tokens_differ_by_value_by_kind_and_by_key_ring(ring: KeyRing) -> None:
    others = {ring.blind("phone", "447700900124"), ring.blind("email", "447700900123")}
    others.add(KeyRing(new_keys(AT)).blind("phone", "447700900123"))
    assert ring.blind("phone", "447700900123") not in others
    assert len(others) == 3


def test_tokens_survive_a_rotation_of_the_column_keys(ring: KeyRing) -> None:
    assert KeyRing(rotated(ring.stored)).blind("phone", "44") == ring.blind("phone", "44")


# -- the seal of a page -----------------------------------------------------------------------------
def test_equal_pages_are_sealed_to_equal_bytes() -> None:
    assert PageSeal(K).seal(b"<p>Ana</p>", **HERE) == PageSeal(K).seal(b"<p>Ana</p>", **HERE)


def test_what_was_sealed_once_opens_for_ever() -> None:
    """Pages lie on phones and on paper: this one was sealed on the day when this test was written."""
    assert PageSeal(K).open(b64decode(SEALED_ONCE), **HERE) == b"<p>Ana</p>"
    assert PageSeal(K).guide_code == GUIDE_CODE_ONCE


def test_keys_are_derived_as_rfc_5869_derives_them() -> None:
    """Test case 3 of its appendix: neither salt nor info."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert derive(b"\x0b" * 22, "", 42).hex() == expected


def test_a_sealed_page_is_opened_by_the_steps_that_a_browser_takes() -> None:
    """HKDF without salt, AES-256-GCM with the nonce in front, lengths before parts of the AAD, deflate."""
    sealed = PageSeal(K).seal(b"<p>Ana</p>", **HERE)
    extracted = hmac.digest(bytes(32), K, "sha256")
    key = hmac.digest(extracted, b"guestlink seal v1\x01", "sha256")
    aad = b"".join(struct.pack(">I", len(part)) + part for part in (b"s" * 22, b"en", b"stay", b"1"))
    opened = AESGCM(key).decrypt(sealed[:12], sealed[12:], aad)
    assert zlib.decompress(opened, wbits=-15) == b"<p>Ana</p>"


def test_a_sealed_page_opens_with_its_key() -> None:
    sealed = PageSeal(K).seal("<p>Günther</p>".encode(), **HERE)
    assert PageSeal(K).open(sealed, **HERE) == "<p>Günther</p>".encode()


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param({"slug": "t" * 22}, id="another link"),
        pytest.param({"language": "de"}, id="another language"),
        pytest.param({"block": "codes"}, id="another block"),
    ],
)
def test_a_sealed_block_opens_only_in_its_place(elsewhere: dict[str, str]) -> None:
    sealed = PageSeal(K).seal(b"<p>Ana</p>", **HERE)
    with pytest.raises(Refused):
        PageSeal(K).open(sealed, **{**HERE, **elsewhere})


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_different_words_never_share_a_nonce(one: bytes, other: bytes) -> None:
    seal = PageSeal(K)
    nonces = [seal.seal(words, **HERE)[:NONCE_BYTES] for words in (one, other)]
    assert (nonces[0] == nonces[1]) == (one == other)


def test_the_same_words_in_two_places_do_not_share_a_nonce() -> None:
    nonces = {
        PageSeal(key).seal(b"4711", slug=slug, language=language, block=block)[:NONCE_BYTES]
        for key in (K, bytes(16))
        for slug in ("s" * 22, "t" * 22)
        for language in ("en", "de")
        for block in ("stay", "codes")
    }
    assert len(nonces) == 16


def test_a_sealed_page_that_was_altered_or_cut_does_not_open() -> None:
    sealed = PageSeal(K).seal(b"<p>Ana</p>", **HERE)
    for broken in (b"", sealed[:8], sealed[:-1], sealed[:-1] + b"\0", bytes(len(sealed))):
        with pytest.raises(Refused):
            PageSeal(K).open(broken, **HERE)


@given(st.binary(min_size=16, max_size=16))
def test_a_guide_code_is_ten_characters_that_cannot_be_misread(key: bytes) -> None:
    code = PageSeal(key).guide_code
    assert len(code) == 10
    assert set(code) <= set(GUIDE_ALPHABET)
    assert not set(code) & set("ilou")


def test_one_key_gives_independent_keys_for_each_purpose() -> None:
    assert len({derive(K, purpose, 16) for purpose in ("seal", "nonce", "guide")}) == 3
    assert PageSeal(K).guide_code != PageSeal(bytes(16)).guide_code


# -- the file of the keys ---------------------------------------------------------------------------
@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "keyring.json"
    write_keys(path, new_keys(AT))
    return path


def test_the_key_ring_is_read_as_it_was_written(tmp_path: Path) -> None:
    stored = rotated(new_keys(AT))
    write_keys(tmp_path / "keyring.json", stored)
    assert read_keys(tmp_path / "keyring.json").stored == stored


def test_the_file_of_the_keys_is_its_owners_alone(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_draft_left_by_a_crash_does_not_open_the_keys_to_others(file: Path) -> None:
    draft = file.with_name(file.name + ".new")
    draft.touch()
    draft.chmod(0o644)
    write_keys(file, new_keys(AT))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not draft.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_of_keys_that_others_may_touch_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(SettingsError, match="can be read by others") as caught:
        read_keys(file)
    assert caught.value.setting == "keys"
    assert caught.value.hint == f"Run `chmod 600 {file}`."


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"{}", id="no keys"),
        pytest.param(b'{"column_keys":[],"blind_key":"","signing_keys":[]}', id="no column key"),
        pytest.param(
            b'{"column_keys":[{"id":1,"made_at":"","key":"AAAA"}],"blind_key":"","signing_keys":[]}',
            id="a short key",
        ),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_a_broken_file_of_keys_is_told_in_words(file: Path, body: bytes) -> None:
    file.write_bytes(body)
    with pytest.raises(SettingsError, match=r"cannot be read: .* Bring it back from the backup"):
        read_keys(file)


def test_a_missing_file_of_keys_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"does not exist.* `publish\.py init` makes one"):
        read_keys(tmp_path / "keyring.json")


def test_no_key_stands_in_any_repr(ring: KeyRing) -> None:
    key, _ = ring.new_guest_key("ana")
    shown = [
        repr(thing) for thing in (ring, ring.stored, *ring.stored.column_keys, *ring.stored.signing_keys)
    ]
    shown += [repr(key), repr(PageSeal(K)), repr(ColumnKey(ring.stored.column_keys[0].key))]
    hidden = [repr(stored.key)[2:-1] for stored in ring.stored.column_keys]
    hidden += [repr(ring.stored.blind_key)[2:-1], "PRIVATE KEY", repr(K)[2:-1], PageSeal(K).guide_code]
    for text in shown:
        assert not [word for word in hidden if word in text]


# -- signing keys -----------------------------------------------------------------------------------
def test_two_signing_keys_are_valid_at_once() -> None:
    stored = new_keys(AT)
    both = KeyRing(
        msgspec.structs.replace(stored, signing_keys=(*stored.signing_keys, new_signing_key(AT, key_id="K2")))
    )
    for name in (stored.signing_keys[0].id, "K2"):
        public = load_pem_public_key(both.signing_key(name).public_pem.encode())
        assert both.signer(name).public_key() == public


def test_a_signing_key_is_of_the_kind_that_cloudfront_takes() -> None:
    key = new_signing_key(AT)
    assert (
        KeyRing(msgspec.structs.replace(new_keys(AT), signing_keys=(key,))).signer(key.id).curve.name
        == "secp256r1"
    )
    assert key.public_pem.startswith("-----BEGIN PUBLIC KEY-----\n")


def test_an_unknown_signing_key_names_the_setting_and_the_command(ring: KeyRing) -> None:
    with pytest.raises(SettingsError, match="keys show") as caught:
        ring.signer("K9")
    assert caught.value.setting == "signing_key_id"
