"""The courier: what goes out is decided at its moment, one slow guest holds up nobody, one probe asks."""

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_api import codes, correspondence, dispatch, duty
from edge_api.conversation import NEVER_AGREED, OPTED_OUT, SOURCE_FORBIDS
from edge_api.dispatch import Courier
from edge_api.envelopes import ERASED, NO_LINK
from edge_api.messages import Buttons, Choice, File, GuestLinkOf, LinkButton, Reaction, Sender, Template, Text
from edge_api.outcomes import NotSent, Unknown
from edge_api.prices import Prices
from edge_api.whatsapp import Speaker
from guestlink import clock, links, stays
from guestlink.contacts import OptIn
from guestlink.errors import NotFound
from guestlink.records import Contact, Stay
from guestlink.settings import Settings
from guestlink.wakeups import open_wakeups
from tests.databases import AT, BY, Inn
from tests.post import ANA, HELLO_TEMPLATE, PUBLIC, Post, later
from tests.services import free_port

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])
TOMAS = Sender(wa_id="447700900102", name="Tomas")
PATIENCE = 10.0
YES = Choice(payload="yes", title="Yes")
AGREED = OptIn(at=AT, how="desk", words="WhatsApp is fine")


@pytest.fixture
def post(inn: Inn) -> Post:
    prices = Prices(currency="EUR", rows={"service": {"default": 1_000}, "utility": {"44": 20_000}})
    return Post(inn, prices=prices)


def guest_of(post: Post, stay: Stay) -> Contact:
    return post.inn.guests(stay)[0]


def reason(post: Post) -> str:
    (dead,) = post.unsent("dead")
    return dead.reason


# -- what goes out ---------------------------------------------------------------------------------
def test_a_guest_link_is_built_at_the_moment_of_sending_and_is_the_newest(post: Post) -> None:
    stay = post.inn.add("ana")
    (old,) = post.inn.links(stay)
    talk = post.talk(contact=guest_of(post, stay))
    post.say(talk, LinkButton(text="Your page", label="Open", link=GuestLinkOf(link_id=old.id)))
    with post.inn.database.write() as tx:
        new = stays.renew_link(tx, post.inn.ring, post.inn.house, old, at=AT, by=BY)
    post.send()
    key = stays.open_page_key(post.inn.ring, guest_of(post, stay), new)
    assert [said.url for said in post.graph.said] == [links.gate_link(PUBLIC, new.slug, key)]


def test_a_link_that_is_not_there_any_more_is_not_sent(post: Post) -> None:
    post.say(
        post.talk(), LinkButton(text="Your page", label="Open", link=GuestLinkOf(link_id=clock.new_id()))
    )
    post.send()
    assert reason(post) == NO_LINK


def test_an_erased_guest_gets_nothing(post: Post) -> None:
    stay = post.inn.add("ana")
    post.say(post.talk(contact=guest_of(post, stay)))
    with post.inn.database.write() as tx:
        tx.statement("delete from guest_keys")  # type: ignore[attr-defined]
    post.send()
    assert (post.graph.said, reason(post)) == ([], ERASED)


def test_outside_the_window_a_guest_who_agreed_gets_the_template_with_its_price(post: Post) -> None:
    post.approve()
    stay = post.inn.add("ana", opt_in=AGREED)
    message = post.say(
        post.talk(contact=guest_of(post, stay), heard_at=None), Text(text="Hello", template=HELLO_TEMPLATE)
    )
    post.send()
    assert [said.said for said in post.graph.said] == [HELLO_TEMPLATE]
    assert post.state(message) == "sent"
    row = post.row(message)
    assert (row["route"], row["category"], row["price"], row["currency"]) == (
        "template",
        "utility",
        20_000,
        "EUR",
    )


@pytest.mark.parametrize(
    ("source", "agreed", "expected"), [("desk", False, NEVER_AGREED), ("airbnb", True, SOURCE_FORBIDS)]
)
def test_nobody_is_written_to_who_did_not_agree_or_whose_source_forbids_it(
    post: Post, source: str, agreed: bool, expected: str
) -> None:
    post.approve()
    stay = post.inn.add("ana", source=source, opt_in=AGREED if agreed else None)
    talk = post.talk(contact=guest_of(post, stay), heard_at=None, stay_id=stay.id)
    post.say(talk, Text(text="Hello", template=HELLO_TEMPLATE))
    post.send()
    assert (post.graph.said, reason(post)) == ([], expected)


def test_after_stop_nothing_that_waited_goes_out(post: Post) -> None:
    talk = post.talk()
    post.say(talk)
    with post.inn.database.write() as tx:
        correspondence.mark(tx, talk, heard_at=later(minutes=1), opted_out_at=later(minutes=1))
    post.send(later(minutes=1))
    assert (post.graph.said, reason(post)) == ([], OPTED_OUT)


def test_a_reply_names_what_it_answers_by_metas_id(post: Post) -> None:
    talk = post.talk()
    first = post.say(talk)
    post.send()
    post.say(talk, Reaction(emoji="👍", answers="wamid.1"), answers=first)
    post.send()
    assert [said.answers for said in post.graph.said] == ["", "wamid.1"]


def test_a_file_that_cannot_be_read_is_a_dead_letter(post: Post) -> None:
    def gone(_: File) -> bytes:
        raise NotFound("There is no such file.")

    post = Post(post.inn, open_file=gone)
    post.say(post.talk(), File(media="image", path="a", media_type="image/jpeg"))
    post.send()
    assert reason(post) == codes.words_of(codes.NOT_KEPT)


# -- side by side ----------------------------------------------------------------------------------
def test_a_slow_answer_to_one_guest_holds_up_nobody_else_and_keeps_their_own_order(post: Post) -> None:
    ana, tomas = post.talk(), post.talk(TOMAS)
    served = threading.Event()

    def slow_for_ana(said: Any) -> None:
        if said.to.wa_id == ANA.wa_id and said.said.text == "1":
            assert served.wait(PATIENCE)
        if said.to.wa_id == TOMAS.wa_id and said.said.text == "3":
            served.set()

    post.graph.hold = slow_for_ana
    for text in ("1", "2", "3"):
        post.say(ana, Text(text=text))
        post.say(tomas, Text(text=text))
    assert post.send() == 6
    order = [(said.to.name, said.said.text) for said in post.graph.said]  # type: ignore[union-attr]
    assert order.index(("Tomas", "3")) < order.index(("Ana", "1"))
    for name in ("Ana", "Tomas"):
        assert [text for who, text in order if who == name] == ["1", "2", "3"]


def test_what_the_program_cannot_foresee_is_in_doubt_and_not_sent_again(post: Post) -> None:
    post.graph.answers.append(RuntimeError("a defect"))
    message = post.say(post.talk())
    post.send()
    post.send(later(minutes=5))
    assert (post.state(message), len(post.graph.said)) == ("in_doubt", 1)


def test_while_nobody_answers_one_probe_at_a_time_asks_and_then_all_is_sent_in_order(post: Post) -> None:
    everybody = [post.talk(Sender(wa_id=f"4477009005{n:02d}")) for n in range(30)]
    for talk in everybody:
        post.say(talk)
    post.graph.answers += [NotSent(codes.NO_CONNECTION)] * 40
    at = AT
    post.send(at)
    assert len(post.graph.said) <= dispatch.AT_ONCE + 5
    while post.graph.answers:
        at += timedelta(seconds=65)
        asked = len(post.graph.said)
        post.send(at)
        assert len(post.graph.said) == asked + 1
    for _ in range(20):
        at += timedelta(minutes=1)
        post.send(at)
    assert {post.state(said.callback) for said in post.graph.said} == {"sent"}


def test_before_its_probe_the_breaker_asks_whether_anybody_is_there_and_puts_no_message_in_doubt(
    inn: Inn,
) -> None:
    there = [False, False, True]
    post = Post(inn, is_there=lambda: there.pop(0))
    messages = [post.say(post.talk(Sender(wa_id=f"4477009005{n:02d}"))) for n in range(30)]
    post.graph.answers += [Unknown("HTTP 503")] * dispatch.AT_ONCE
    post.send()
    asked = len(post.graph.said)
    for minute in range(1, 3):
        post.send(later(minutes=2 * minute))
    assert (len(post.graph.said), len(there)) == (asked, 1)
    post.graph.answers.clear()
    for minute in range(3, 6):
        post.send(later(minutes=2 * minute))
    assert len(post.unsent("in_doubt")) == asked
    assert {post.state(each) for each in messages} == {"sent", "in_doubt"}


def test_a_question_that_fails_by_itself_counts_as_nobody_there(inn: Inn) -> None:
    def broken() -> bool:
        raise RuntimeError("a defect")

    post = Post(inn, is_there=broken)
    for number in range(30):
        post.say(post.talk(Sender(wa_id=f"4477009005{number:02d}")))
    post.graph.answers += [Unknown("HTTP 503")] * dispatch.AT_ONCE
    post.send()
    asked = len(post.graph.said)
    post.send(later(minutes=2))
    assert len(post.graph.said) == asked


def test_an_answer_about_one_person_does_not_open_the_breaker(post: Post) -> None:
    for number in range(20):
        post.graph.answers.append(NotSent(131026))
        post.say(post.talk(Sender(wa_id=f"4477009005{number:02d}")))
    post.send()
    assert len(post.graph.said) == 20


# -- the loop --------------------------------------------------------------------------------------
def test_the_loop_sends_at_once_what_comes_in_and_stops_when_told(post: Post) -> None:
    stop, wakeups = threading.Event(), open_wakeups(post.inn.database)
    loop = threading.Thread(target=dispatch.run, args=(post.office, stop, wakeups))
    loop.start()
    try:
        talk, waits = post.talk(heard_at=clock.now()), []
        for _ in range(5):
            began = time.monotonic()
            message = post.say(talk, at=clock.now())
            while post.state(message) != "sent":
                assert time.monotonic() < began + PATIENCE
            waits.append(time.monotonic() - began)
    finally:
        stop.set()
        loop.join(PATIENCE)
        wakeups.close()
    assert not loop.is_alive()
    assert min(waits) < 0.5


def test_what_has_not_left_when_it_stops_waits_again(post: Post) -> None:
    messages = [post.say(post.talk(Sender(wa_id=f"4477009005{n:02d}"))) for n in range(10)]
    courier = Courier(post.office)
    courier.turn(AT)  # the first leave at once, the others at their instants
    courier.close(AT)
    states = [post.state(each) for each in messages]
    assert set(states) <= {"sent", "waiting"}
    assert states.count("sent") == len(post.graph.said)
    post.send(later(seconds=1))
    assert len({said.callback for said in post.graph.said}) == len(post.graph.said) == 10


def test_a_message_that_cannot_be_read_stops_nobody_else(post: Post) -> None:
    broken, good = post.say(post.talk()), post.say(post.talk(TOMAS), Buttons(text="?", buttons=(YES,)))
    with post.inn.database.write() as tx:
        tx.do("reseal_message", id=broken, contact_id=None, body=b"\x01nothing", wamid=None)
    post.send()
    assert (post.state(broken), post.state(good)) == ("dead", "sent")


def test_an_unknown_outcome_counts_as_nobody_answering(post: Post) -> None:
    post.graph.answers += [Unknown("ReadTimeout")] * 60
    for number in range(60):
        post.say(post.talk(Sender(wa_id=f"4477009005{number:02d}")))
    post.send()
    assert len(post.graph.said) <= dispatch.AT_ONCE + 5
    assert len(post.unsent("in_doubt")) == len(post.graph.said)


def test_staff_get_a_template_without_having_agreed(post: Post) -> None:
    post.approve(Template(name="request_new", language="en"))
    with post.inn.database.write() as tx:
        mira = duty.add_staff(
            tx,
            post.inn.ring,
            name="Mira Holm",
            phone="+44 7700 900201",
            role="staff",
            houses=[post.inn.house],
            at=AT,
            by=BY,
        )
    talk = post.talk(heard_at=None, user_id=mira.id)
    post.say(talk, Template(name="request_new", language="en"))
    post.send()
    assert len(post.graph.said) == 1


# -- as the settings say -----------------------------------------------------------------------------
def test_an_office_has_the_hosts_prices_and_asks_meta_whether_it_is_there(inn: Inn, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text('currency = "GBP"\n[service]\ndefault = 0.002\n', "utf-8")
    settings = Settings(
        home=str(tmp_path),
        whatsapp_url=f"http://127.0.0.1:{free_port()}",
        whatsapp_token="sandbox-token",
        whatsapp_prices="prices.toml",
    )
    speaker = Speaker(settings)
    office = dispatch.open_office(settings, inn.database, lambda: inn.ring, speaker=speaker)
    assert (office.prices.price("service", ANA), office.prices.currency) == (2_000, "GBP")
    assert office.is_there is not None
    assert not office.is_there()
    speaker.close()
