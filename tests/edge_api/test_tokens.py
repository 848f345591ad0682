"""Tokens of programs: shown once, kept as a hash, ended by a date or by hand, good as far as they reach."""

from datetime import timedelta

import pytest

from edge_api import tokens
from edge_api.tokens import Role, Token
from guestlink import houses, journal
from guestlink.errors import InvalidInput, NotFound, Refused
from guestlink.houses import HouseDraft
from guestlink.records import Property
from tests.databases import AT, BY, Inn

DAY = timedelta(days=1)


def made(inn: Inn, name: str = "tablet", role: Role = "staff", **told: object) -> str:
    with inn.database.write() as tx:
        kept = {"house": inn.house, "at": AT, "by": BY, **told}
        return tokens.make_token(tx, name=name, role=role, **kept)  # type: ignore[arg-type]


def found(inn: Inn, text: str, *, at=AT) -> Token | None:
    with inn.database.read() as db:
        return tokens.find(db, text, at=at)


def every(inn: Inn) -> list[Token]:
    with inn.database.read() as db:
        return tokens.all_tokens(db)


def second_house(inn: Inn) -> Property:
    draft = HouseDraft(slug="quay-house", zone="Europe/London", currency="GBP", default_language="en")
    with inn.database.write() as tx:
        return houses.add_property(tx, draft, at=AT, by=BY)


def test_a_token_is_found_by_its_text_and_the_text_is_kept_nowhere(inn: Inn) -> None:
    text = made(inn)
    token = found(inn, text)
    assert token is not None
    assert (token.name, token.role, token.property_id) == ("tablet", "staff", inn.house.id)
    with inn.database.read() as db:
        kept = str([db.all("api_tokens"), [entry.body for entry in journal.read_from(db, 0)]])
    assert text not in kept
    assert text.removeprefix("gl_") not in kept


def test_two_tokens_are_never_alike_and_have_256_random_bits(inn: Inn) -> None:
    texts = {made(inn, f"tablet {number}") for number in range(20)}
    assert len(texts) == 20
    assert all(tokens.TEXT.fullmatch(text) for text in texts)


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: text[:-1], lambda text: text + "A"])
def test_what_is_nearly_a_token_is_none(inn: Inn, change) -> None:
    assert found(inn, change(made(inn))) is None


@pytest.mark.parametrize("text", ["", "gl_", "gl_" + "A" * 43, "é" * 46, "gl_" + "%" * 43, "\x00"])
def test_what_is_no_token_is_none(inn: Inn, text: str) -> None:
    made(inn)
    assert found(inn, text) is None


def test_a_token_is_over_at_its_end(inn: Inn) -> None:
    text = made(inn, expires_at=AT + DAY)
    assert found(inn, text, at=AT + DAY - timedelta(seconds=1))
    assert found(inn, text, at=AT + DAY) is None


def test_a_revoked_token_is_none_and_its_name_is_free_again(inn: Inn) -> None:
    text = made(inn)
    with inn.database.write() as tx:
        gone = tokens.revoke(tx, "tablet", at=AT, by=BY)
    assert found(inn, text) is None
    assert found(inn, made(inn))
    with inn.database.read() as db:
        kinds = [entry.kind for entry in journal.load(db, f"token:{gone.id}")]
    assert kinds == ["token-made", "token-revoked"]


def test_a_token_is_revoked_by_its_id_too_and_only_once(inn: Inn) -> None:
    made(inn)
    (token,) = every(inn)
    with inn.database.write() as tx:
        assert tokens.revoke(tx, token.id[-8:], at=AT, by=BY).id == token.id
    with inn.database.write() as tx, pytest.raises(NotFound):
        tokens.revoke(tx, token.id, at=AT, by=BY)


@pytest.mark.parametrize("name", ["%", "_" * 36, "", "0"])
def test_a_wild_name_revokes_nothing(inn: Inn, name: str) -> None:
    made(inn)
    with inn.database.write() as tx, pytest.raises(NotFound):
        tokens.revoke(tx, name, at=AT, by=BY)


def test_a_name_is_given_once(inn: Inn) -> None:
    made(inn)
    with pytest.raises(Refused):
        made(inn)


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "\u202e"])
def test_a_token_has_a_name_that_can_be_read(inn: Inn, name: str) -> None:
    with pytest.raises(InvalidInput):
        made(inn, name)


def test_a_token_that_was_over_before_it_began_is_not_made(inn: Inn) -> None:
    with pytest.raises(InvalidInput):
        made(inn, expires_at=AT)


def test_the_day_of_the_last_use_only_moves_forward(inn: Inn) -> None:
    text = made(inn)
    for at in (AT, AT + DAY, AT):
        token = found(inn, text)
        assert token
        with inn.database.write() as tx:
            tokens.mark_used(tx, token, at=at)
    assert every(inn)[0].used_on == (AT + DAY).date()


def test_a_token_of_one_house_reaches_no_other_and_one_of_all_reaches_new_ones_too(inn: Inn) -> None:
    one, both = found(inn, made(inn)), found(inn, made(inn, "all", house=None))
    other = second_house(inn)
    assert one
    assert both
    with inn.database.read() as db:
        assert [house.slug for house in tokens.houses(db, one.id)] == ["harbour-house"]
        assert [house.slug for house in tokens.houses(db, both.id)] == ["harbour-house", other.slug]


def test_a_revoked_token_reaches_nothing(inn: Inn) -> None:
    token = found(inn, made(inn))
    assert token
    with inn.database.write() as tx:
        tokens.revoke(tx, token.name, at=AT, by=BY)
    with inn.database.read() as db:
        assert tokens.houses(db, token.id) == []


def test_people_reach_the_houses_that_they_run(inn: Inn, ring) -> None:
    with inn.database.write() as tx:
        user = houses.first_user(tx, ring, name="Marta", at=AT)
        tx.do("add_membership", user_id=user, property_id=inn.house.id, role="host")
    with inn.database.read() as db:
        assert [house.slug for house in tokens.houses(db, user)] == ["harbour-house"]
