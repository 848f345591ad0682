"""A host at the terminal gives a program a token, sees who has one, and takes it back."""

import json
from pathlib import Path

import pytest

from edge_api import tokens
from guestlink import clock
from tests.commands.conftest import Say


def found(records_of, text: str) -> tokens.Token | None:
    with records_of().read() as db:
        return tokens.find(db, text, at=clock.now())


def test_a_token_is_printed_alone_so_that_it_can_be_piped_and_the_warning_beside_it(
    in_house: Say, records_of
) -> None:
    answer = in_house("token", "add", "--role", "staff", "--property", "casa-azul", "--name", "tablet")
    assert answer.code == 0
    token = found(records_of, answer.out.strip())
    assert token
    assert (token.name, token.role) == ("tablet", "staff")
    assert "only time" in answer.err


def test_the_list_shows_who_has_one_and_never_its_text(in_house: Say) -> None:
    text = in_house("token", "add", "--role", "trigger", "--all", "--name", "ci", "--days", "7").out.strip()
    answer = in_house("token", "list")
    line = answer.out.splitlines()[1].split("\t")
    assert line[1:4] == ["ci", "trigger", "all"]
    assert line[-1] == "counts"
    assert answer.last == "1 token counts."
    told = in_house("token", "list", "--json").out
    assert json.loads(told)[0]["role"] == "trigger"
    assert text not in answer.out + told
    assert tokens.hashed(text) not in answer.out + told


def test_a_revoked_token_counts_no_more_and_is_still_listed(in_house: Say, records_of) -> None:
    text = in_house("token", "add", "--role", "host", "--all", "--name", "old").out.strip()
    assert "counts no more" in in_house("token", "revoke", "old").out
    assert found(records_of, text) is None
    assert "revoked" in in_house("token", "list").out
    assert in_house("token", "revoke", "old").code == 1


def test_tokens_without_a_name_get_one_each(in_house: Say) -> None:
    for role in ("staff", "manager"):
        assert in_house("token", "add", "--role", role, "--all").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "staff"),
        ("--role", "staff", "--all", "--property", "casa-azul"),
        ("--role", "king", "--all"),
        ("--role", "staff", "--all", "--days", "0"),
        ("--role", "staff", "--all", "--days", "99999"),
        ("--all",),
    ],
)
def test_what_is_not_said_well_makes_no_token(in_house: Say, words: tuple[str, ...]) -> None:
    assert in_house("token", "add", *words).code == 2
    assert in_house("token", "list").last == "No tokens count."


def test_a_token_of_no_house_is_not_made(in_house: Say, home: Path) -> None:
    assert in_house("token", "add", "--role", "staff", "--property", "casa-verde").code == 1
