"""The error tree: who can mend it, what it answers, how a program ends."""

import re

import pytest

from guestlink import errors
from guestlink.errors import (
    ContentError,
    ContentErrors,
    GuestLinkError,
    InvalidFields,
    InvalidInput,
    NotAllowed,
    NotFound,
    Outage,
    Refused,
    SettingsError,
    Stale,
    TooMany,
    told,
)

TREE: list[tuple[type[GuestLinkError], int, int, bool]] = [
    (GuestLinkError, 500, 1, False),
    (ContentError, 422, 2, False),
    (ContentErrors, 422, 2, False),
    (SettingsError, 500, 2, False),
    (InvalidInput, 400, 2, False),
    (InvalidFields, 422, 2, False),
    (NotAllowed, 403, 77, False),
    (NotFound, 404, 1, False),
    (Refused, 409, 1, False),
    (Stale, 409, 75, True),
    (TooMany, 429, 75, True),
    (Outage, 503, 75, True),
]


@pytest.mark.parametrize(("kind", "status", "exit_code", "retry"), TREE)
def test_every_error_has_its_status_its_exit_code_and_an_answer_to_may_we_retry(
    kind: type[GuestLinkError], status: int, exit_code: int, retry: bool
) -> None:
    assert (kind.status, kind.exit_code, kind.retry) == (status, exit_code, retry)
    assert issubclass(kind, GuestLinkError)


def test_the_tree_drawn_at_the_top_of_the_file_is_the_tree() -> None:
    drawn = dict(re.findall(r"^[ │]*[├└]─ (\w+) +(\S+/\d+)", errors.__doc__ or "", re.MULTILINE))
    told_there = {kind.__name__: f"{kind.status}/{kind.exit_code}" for kind, *_ in TREE[1:]}
    told_there["SettingsError"] = "-/2"  # never the answer to a request
    del told_there["ContentErrors"]
    assert drawn == told_there


def test_no_error_is_left_out_of_these_tests() -> None:
    defined = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GuestLinkError)
    }
    assert defined == {kind for kind, *_ in TREE}


def test_an_error_says_what_happened_and_how_to_mend_it() -> None:
    error = Refused("room-1 is taken.", hint="Give another unit.")
    assert (error.message, error.hint) == ("room-1 is taken.", "Give another unit.")
    assert str(error) == "room-1 is taken. Give another unit."
    assert str(Refused("room-1 is taken.")) == "room-1 is taken."


def test_what_is_not_allowed_says_the_same_for_all_reasons() -> None:
    assert str(NotAllowed()) == "This is not allowed."


def test_a_settings_error_names_the_setting() -> None:
    assert SettingsError("Wrong.", setting="site_url").setting == "site_url"


def test_an_outage_says_how_long_to_wait() -> None:
    assert Outage("Down.").retry_after > 0
    assert Outage("Down.", retry_after=60).retry_after == 60


@pytest.mark.parametrize(
    ("line", "hint", "words"),
    [
        pytest.param(3, "Write a title.", "wifi.en.md:3: No title. Write a title.", id="with a line"),
        pytest.param(0, "", "wifi.en.md: No title.", id="the file as a whole"),
    ],
)
def test_a_mistake_in_a_file_names_file_and_line(line: int, hint: str, words: str) -> None:
    error = ContentError("No title.", path="wifi.en.md", line=line, hint=hint)
    assert str(error) == told(error) == words


def test_a_mistake_without_a_file_is_told_without_a_colon() -> None:
    assert str(ContentError("There is no property.md.")) == "There is no property.md."


def test_all_mistakes_are_told_at_once() -> None:
    mistakes = [
        ContentError("No title.", path="wifi.en.md", line=1),
        ContentError("No order.", path="door.en.md"),
    ]
    assert str(ContentErrors(mistakes)) == "wifi.en.md:1: No title.\ndoor.en.md: No order."
    assert ContentErrors(mistakes).problems == tuple(mistakes)
