"""The outbox on both engines: what was meant is known before it leaves, and nothing unknown is sent again."""

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from edge_api import by_hand, codes, correspondence, outbox, pacing
from edge_api.dispatch import dispatch_once
from edge_api.messages import Receipt, Sender, Text
from edge_api.outcomes import NotSent, Unknown
from guestlink import alerts
from tests.databases import AT, Inn
from tests.post import HELLO, HELLO_TEMPLATE, NUMBER, Post, Said, as_text, later

TOMAS = Sender(user_id="GB.2", name="Tomas")
PATIENCE = 30.0


@pytest.fixture
def post(inn: Inn) -> Post:
    return Post(inn)


def claim(post: Post, *, most: int = 10) -> list[outbox.Intent]:
    """What a courier does before it sends, and then it dies."""
    with post.inn.database.write() as tx:
        intents = [
            outbox.Intent(due=due, route="free-form", category="service", price=None, currency="")
            for due in outbox.due(tx, NUMBER, at=AT, most=most)
        ]
        outbox.intend(tx, intents, at=AT)
        return intents


# -- whose turn it is ------------------------------------------------------------------------------
def test_only_the_oldest_unfinished_message_of_a_conversation_has_its_turn(post: Post) -> None:
    ana, tomas = post.talk(), post.talk(TOMAS)
    first, second, other = post.say(ana), post.say(ana), post.say(tomas)
    assert [intent.due.id for intent in claim(post)] == [first, other]
    assert claim(post) == []
    assert [post.state(each) for each in (first, second, other)] == ["sending", "waiting", "sending"]


def test_what_is_planned_for_later_holds_nothing_back_until_then(post: Post) -> None:
    talk = post.talk()
    planned = post.say(talk, not_before=later(hours=5))
    now = post.say(talk)
    assert [intent.due.id for intent in claim(post)] == [now]
    post.send(later(hours=6))
    assert (post.state(planned), post.state(now)) == ("sent", "in_doubt")


def test_a_short_wait_for_the_next_try_keeps_the_order_and_a_long_one_lets_others_pass(post: Post) -> None:
    talk = post.talk()
    post.graph.answers += [NotSent(131000), NotSent(131049)]
    first, second = post.say(talk, Text(text="1")), post.say(talk, Text(text="2"))
    post.send()
    assert post.texts == ["1"]
    assert post.send(later(seconds=5)) == 2  # tried again, and then it has to wait for a day
    assert post.texts == ["1", "1", "2"]
    assert (post.state(first), post.state(second)) == ("waiting", "sent")


def test_a_message_that_is_too_late_to_be_of_use_is_not_sent(post: Post) -> None:
    talk = post.talk()
    late, good = post.say(talk, expires_at=later(minutes=5)), post.say(talk, Text(text="good"))
    post.send(later(minutes=6))
    assert post.texts == ["good"]
    assert [(each.id, each.reason) for each in post.unsent("dead")] == [(late, outbox.TOO_LATE)]
    assert post.state(good) == "sent"


def test_one_person_gets_forty_at_once_and_then_one_every_six_seconds(post: Post) -> None:
    talk = post.talk()
    for _ in range(43):
        post.say(talk)
    post.send()
    assert len(post.graph.said) == 40
    post.send(later(seconds=5))
    assert len(post.graph.said) == 40
    post.send(later(seconds=7))
    post.send(later(seconds=7))
    assert len(post.graph.said) == 41


def test_a_number_sends_no_faster_than_its_pace_and_counts_what_it_hears(post: Post) -> None:
    with post.inn.database.write() as tx:
        free = outbox.turns(tx, NUMBER, at=AT, most=1000, within=10.0).starts
    at = later(seconds=60)
    wrote = {"kind": "message", "lane": "", "number_id": NUMBER, "body": None, "received_at": as_text(at)}
    ended = {"state": "done", "outcome": "", "done_at": as_text(at)}
    with post.inn.database.write() as tx:
        tx.do_many("receive_event", [{"event_key": str(key), **wrote, **ended} for key in range(37)])
        busy, heard = outbox.turns(tx, NUMBER, at=at, most=1000, within=10.0)
    assert 740 <= len(free) <= 745
    assert (len(busy), heard) == (len(free) - 37, 37)
    assert all(sum(start <= each < start + 1 for each in free) <= 78 for start in free)


# -- the intent -------------------------------------------------------------------------------------
def test_a_courier_that_died_leaves_doubt_and_nothing_is_sent_again_by_itself(post: Post) -> None:
    talk = post.talk()
    message, behind = post.say(talk), post.say(talk, Text(text="behind"))
    claim(post)
    post.send(AT + outbox.LEASE - timedelta(seconds=1))
    assert post.graph.said == []
    post.send(AT + outbox.LEASE)
    assert [(each.id, each.reason) for each in post.unsent("in_doubt")] == [(message, outbox.NO_OUTCOME)]
    assert post.texts == ["behind"]
    assert post.state(behind) == "sent"


def test_an_unknown_outcome_stays_in_doubt(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers.append(Unknown("ReadTimeout"))
    post.send()
    for days in range(3):
        post.send(later(days=days))
    assert len(post.graph.said) == 1
    assert [(each.id, each.reason) for each in post.unsent("in_doubt")] == [(message, "ReadTimeout")]


def test_an_answer_that_proves_non_delivery_is_tried_again_after_the_wait_of_its_code(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers += [NotSent(131056), NotSent(131056)]
    post.send()
    for number, (early, late) in enumerate([(3.5, 4.5), (20.0, 21.0)], 1):
        post.send(later(seconds=early))
        assert len(post.graph.said) == number
        post.send(later(seconds=late))
        assert len(post.graph.said) == number + 1
    assert post.state(message) == "sent"


def test_a_night_without_connection_kills_no_message(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers += [NotSent(codes.NO_CONNECTION)] * 40
    for hour in range(41):
        post.send(later(hours=hour / 3))
    assert post.state(message) == "sent"


def test_what_is_refused_again_and_again_is_a_dead_letter_in_the_end(post: Post) -> None:
    post.say(post.talk())
    post.graph.answers += [NotSent(131000)] * 40
    for hour in range(41):
        post.send(later(hours=hour / 3))
    assert [each.reason for each in post.unsent("dead")] == [outbox.TRIED_ENOUGH]
    assert len(post.graph.said) == outbox.MOST_TRIES


def test_a_refusal_for_ever_is_a_dead_letter_in_plain_words(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers.append(NotSent(131026))
    post.send()
    (dead,) = post.unsent("dead")
    assert (dead.id, dead.code) == (message, 131026)
    assert dead.reason.startswith("The number is not on WhatsApp")


def test_who_opted_out_at_meta_has_opted_out_here(post: Post) -> None:
    talk = post.talk()
    post.say(talk)
    post.graph.answers.append(NotSent(131050))
    post.send()
    with post.inn.database.read() as db:
        assert correspondence.load(db, talk.id).opted_out_at is not None


def test_a_refused_token_alarms_the_host_until_something_can_be_sent_again(post: Post) -> None:
    talk = post.talk()
    post.say(talk)
    post.graph.answers.append(NotSent(190))
    post.send()
    with post.inn.database.read() as db:
        assert [alert.kind for alert in alerts.open_alerts(db)] == ["whatsapp-configuration"]
    post.say(talk)
    post.send(later(minutes=1))
    with post.inn.database.read() as db:
        assert alerts.open_alerts(db) == []


def test_an_alarm_about_a_template_ends_with_its_last_dead_letter(post: Post) -> None:
    post.approve()
    message = post.say(post.talk(heard_at=None, user_id=None), HELLO_TEMPLATE)
    with post.inn.database.write() as tx:
        tx.statement("update outbox set state = 'dead', code = 132000")  # type: ignore[attr-defined]
        alerts.raise_alert(tx, kind="whatsapp-configuration", subject="code 132000", words="", at=AT)
        assert by_hand.give_up(tx, message, at=AT)
        assert alerts.open_alerts(tx) == []


def test_free_form_that_is_refused_for_the_window_is_said_by_its_template(post: Post) -> None:
    post.approve()
    stay = post.inn.add("ana", opt_in=None)
    (guest,) = post.inn.guests(stay)
    with post.inn.database.write() as tx:
        tx.statement("update contacts set opted_in_at = '2026-11-01T09:00:00.000Z'")  # type: ignore[attr-defined]
    talk = post.talk(contact=guest)
    message = post.say(talk, Text(text="Hello", template=HELLO_TEMPLATE))
    post.graph.answers.append(NotSent(131047))
    post.send()
    assert [each.said for each in post.graph.said] == [
        Text(text="Hello", template=HELLO_TEMPLATE),
        HELLO_TEMPLATE,
    ]
    assert post.state(message) == "sent"


def test_free_form_that_is_refused_for_the_window_is_dead_without_a_template(post: Post) -> None:
    post.say(post.talk())
    post.graph.answers.append(NotSent(131047))
    post.send()
    assert len(post.graph.said) == 1
    assert len(post.unsent("dead")) == 1


# -- statuses --------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
def test_a_receipt_only_moves_forward_in_whatever_order_statuses_come(
    post: Post, order: tuple[str, ...]
) -> None:
    message = post.say(post.talk())
    post.send()
    for status in order:
        post.settle(message, status)
    assert post.row(message)["receipt"] == "read"


def test_delivery_outranks_failure_in_both_orders(post: Post) -> None:
    talk = post.talk()
    for order in (("delivered", "failed"), ("failed", "delivered")):
        message = post.say(talk)
        post.send()
        for status in order:
            post.settle(message, status, code=131026)
        assert (post.row(message)["receipt"], post.state(message)) == ("delivered", "sent")


def test_a_status_settles_what_is_in_doubt(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers.append(Unknown("ReadTimeout"))
    post.send()
    assert post.settle(message, "delivered") == "sent"
    assert (post.state(message), post.row(message)["receipt"]) == ("sent", "delivered")


def test_a_status_that_is_faster_than_the_answer_is_not_undone_by_it(post: Post) -> None:
    message = post.say(post.talk())

    def status_at_once(said: Said) -> None:
        post.settle(said.callback, "delivered", wamid="wamid.1")

    post.graph.hold = status_at_once
    post.send()
    assert (post.state(message), post.row(message)["receipt"]) == ("sent", "delivered")


def test_a_failure_that_is_told_later_is_tried_again_and_its_old_statuses_change_nothing(post: Post) -> None:
    message = post.say(post.talk())
    post.send()
    assert post.settle(message, "failed", code=131000, at=later(seconds=1)) == "waiting"
    assert post.settle(message, "sent", at=later(seconds=1)) is None
    post.send(later(minutes=1))
    assert [said.callback for said in post.graph.said] == [message, message]
    assert post.settle(message, "sent", wamid="wamid.1") is None
    assert post.settle(message, "failed", wamid="wamid.1", code=131000) is None
    assert post.settle(message, "delivered", wamid="wamid.2", at=later(minutes=1)) == "sent"
    assert (post.state(message), post.row(message)["receipt"]) == ("sent", "delivered")


def test_a_failure_for_ever_that_is_told_later_is_a_dead_letter(post: Post) -> None:
    message = post.say(post.talk())
    post.send()
    assert post.settle(message, "failed", code=131026) == "dead"
    assert [each.id for each in post.unsent("dead")] == [message]


def test_a_status_without_our_id_is_found_by_metas(post: Post) -> None:
    message = post.say(post.talk())
    post.send()
    receipt = Receipt(wamid="wamid.1", number_id=NUMBER, status="read", at=AT)
    with post.inn.database.write() as tx:
        assert outbox.settle(tx, post.inn.ring, receipt, at=AT) == "sent"
    assert post.row(message)["receipt"] == "read"


@pytest.mark.parametrize("callback", ["", "nobody's", "00000000-0000-7000-8000-000000000000"])
def test_a_status_of_somebody_elses_message_is_none_of_ours(post: Post, callback: str) -> None:
    receipt = Receipt(wamid="wamid.x", number_id=NUMBER, status="read", at=AT, callback=callback)
    with post.inn.database.write() as tx:
        assert outbox.settle(tx, post.inn.ring, receipt, at=AT) is None


# -- by hand ---------------------------------------------------------------------------------------
def test_what_is_in_doubt_is_sent_again_when_a_person_says_so(post: Post) -> None:
    message = post.say(post.talk())
    post.graph.answers.append(Unknown("ReadTimeout"))
    post.send()
    with post.inn.database.write() as tx:
        assert by_hand.retry(tx, message, at=AT)
        assert not by_hand.retry(tx, message, at=AT)
    post.send()
    assert len(post.graph.said) == 2
    assert post.state(message) == "sent"


def test_what_was_given_up_is_not_listed_and_not_sent(post: Post) -> None:
    talk = post.talk()
    dead, waiting = post.say(talk), post.say(talk, not_before=later(hours=1))
    post.graph.answers.append(NotSent(131026))
    post.send()
    with post.inn.database.write() as tx:
        assert by_hand.give_up(tx, dead, at=AT)
        assert by_hand.give_up(tx, waiting, at=AT)
    post.send(later(hours=2))
    assert post.unsent("dead") == []
    assert len(post.graph.said) == 1


def test_a_stay_knows_what_its_messages_have_cost(post: Post) -> None:
    stay = post.inn.add("ana")
    talk = post.talk(stay_id=stay.id)
    for _ in range(2):
        post.say(talk, HELLO)
    post.send()
    with post.inn.database.read() as db:
        (spent,) = by_hand.spent(db, stay.id)
    assert (spent.category, spent.messages, spent.price, spent.unpriced) == ("service", 2, 0, 2)


# -- several couriers ------------------------------------------------------------------------------
def test_couriers_side_by_side_send_each_message_once_and_share_one_pace(post: Post) -> None:
    messages = [post.say(post.talk(Sender(wa_id=f"4477009005{number:02d}"))) for number in range(40)]
    others = [replace(post.office, breakers={}) for _ in range(3)]
    couriers = [threading.Thread(target=dispatch_once, args=(each,), kwargs={"at": AT}) for each in others]
    for courier in couriers:
        courier.start()
    for courier in couriers:
        courier.join(PATIENCE)
    assert sorted(said.callback for said in post.graph.said) == sorted(messages)
    assert {post.state(each) for each in messages} == {"sent"}
    with post.inn.database.write() as tx:
        row = tx.one("pace_of_number", number_id=NUMBER)
    assert row is not None
    assert (
        row["due"] / 1e6 >= AT.timestamp() + 40 * pacing.OF_NUMBER.seconds - 0.001
    )  # no turn was taken twice
