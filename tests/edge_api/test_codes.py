"""What is done about each of Meta's codes: the table of the messaging journey, line by line."""

from datetime import timedelta

import pytest

from edge_api.codes import (
    CANNOT_BE_SAID,
    FOREIGN_ADDRESS,
    NO_CONNECTION,
    NOT_KEPT,
    action_of,
    wait_after,
    words_of,
)
from edge_api.outcomes import NotSent, Unknown, refusal
from edge_api.sandbox.codes import CODES

TABLE = {
    "retry": [2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 133004, NO_CONNECTION, -429],
    "wait-long": [131048, 131049, 132015, 133016],
    "never": [131026, 131050, 130472, 131021, 131051, CANNOT_BE_SAID],
    "template": [131047],
    "phone": [131062],
    "media": [131052, 131053, NOT_KEPT, FOREIGN_ADDRESS],
    "configure": [0, 3, 10, 33, 100, 190, 200, 299, 131005, 131008, 131009, 131037, 131042, 131045, -404],
    "stopped": [368, 131031, 130497, 131064],
}
TABLE["configure"] += [132000, 132001, 132012, 132016, 133010]


@pytest.mark.parametrize(
    ("action", "code"), [(action, code) for action, codes in TABLE.items() for code in codes]
)
def test_every_code_has_its_action(action: str, code: int) -> None:
    assert action_of(code) == action


def test_a_code_that_nobody_knows_is_not_tried_again_and_waits_for_a_person() -> None:
    assert action_of(135000) == action_of(999999) == "configure"
    assert "do not know" in words_of(999999)


@pytest.mark.parametrize("code", sorted({*CODES, -1, -2, -3, -4, -404, -429, 250, 132018, 999999}))
def test_every_code_has_words_for_a_host(code: int) -> None:
    words = words_of(code)
    assert words.endswith(".")
    assert str(abs(code)) not in words


def test_a_pair_that_is_too_fast_waits_four_to_the_n_seconds() -> None:
    waits = [wait_after("retry", attempt, code=131056).total_seconds() for attempt in (1, 2, 3, 4, 50)]
    assert waits == [4, 16, 64, 256, 3600]


def test_retries_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after("retry", attempt).total_seconds() for attempt in (0, 1, 2, 3, 10, 1000)]
    assert waits == [1, 1, 2, 4, 512, 900]


def test_long_waits_are_hours_and_131049_is_a_day() -> None:
    assert wait_after("wait-long", 1) == timedelta(hours=1)
    assert wait_after("wait-long", 99) == timedelta(hours=12)
    assert wait_after("wait-long", 1, code=131049) == timedelta(days=1)
    assert wait_after("never", 3) == timedelta(0)


# -- what an answer proves --------------------------------------------------------------------------
def test_an_error_of_graph_proves_that_nothing_was_sent() -> None:
    body = b'{"error":{"message":"(#131056) Slow","code":131056,"error_data":{"details":"Wait."}}}'
    assert refusal(400, body) == NotSent(131056, "Wait.", 400)
    assert refusal(503, body.replace(b"131056", b"131016")) == NotSent(131016, "Wait.", 503)
    assert refusal(400, b'{"error":{"message":"No.","code":7,"error_data":"x"}}') == NotSent(7, "x", 400)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (503, b"{}"),
        (408, b""),
        (500, b'{"error":{"message":"An unknown error occurred","code":1}}'),
        (502, b'{"error":{"message":"x","code":"many"}}'),
    ],
)
def test_a_servers_error_without_a_known_code_proves_nothing(status: int, body: bytes) -> None:
    assert isinstance(refusal(status, body), Unknown)


def test_a_bare_refusal_was_not_taken() -> None:
    assert refusal(413, b"<html>") == NotSent(-413, "", 413)
