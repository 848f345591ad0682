"""E-mails through the outbox, on both engines, to a real SMTP server: once, in time, never when in doubt."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_api import codes, correspondence, outbox
from edge_api.conversation import NO_MAILBOX, OPTED_OUT, SOURCE_FORBIDS
from edge_api.correspondence import Conversation
from edge_api.dispatch import MAILS_AT_ONCE, Office, dispatch_once
from edge_api.envelopes import ERASED
from edge_api.mail import Mailer
from edge_api.messages import GuestLinkOf, Letter, Text
from edge_api.prices import Prices
from guestlink import alerts, catalogue, contacts, links, stays
from guestlink.contacts import Person
from guestlink.records import Contact, Stay
from guestlink.settings import Settings
from tests.databases import AT, BY, TOMAS, Inn
from tests.post import PUBLIC, Post, later
from tests.postoffice import DROP, SILENCE, Mail, PostOffice
from tests.services import free_port
from tests.town import until

HOUSE = "stay@harbour.example.com"
DESK = "desk@harbour.example.com"
ANA = "ana@example.com"
FRAME = {
    "html": '<html lang="en"><p>@@greeting@@</p>@@body@@ @@button@@<p>Harbour House'
    '<!--unsubscribe--> <a href="@@unsubscribe@@">Stop</a><!--/unsubscribe--></p></html>',
    "button": '<a href="@@url@@">@@label@@</a>',
    "text_foot": "-- \nHarbour House<!--unsubscribe-->\nStop: @@unsubscribe@@<!--/unsubscribe-->\n",
}
SUBJECT = "Ihre Zimmerschlüssel – وصولكم"


class Writer:
    """The inn's e-mails; its verbs are one transaction each."""

    def __init__(self, inn: Inn, office: PostOffice, *, after: float = 1.0, **more: Any) -> None:
        self.inn, self.post_office = inn, office
        self.mailer = Mailer(Settings(home=".", mail_url=office.url, mail_from=HOUSE), after=after)
        self.office = Office(
            database=inn.database,
            ring=lambda: inn.ring,
            mailer=self.mailer,
            public_url=PUBLIC,
            mail_from=HOUSE,
            reply_to=DESK,
            is_mail_there=self.mailer.is_there,
            **more,
        )

    def talk(self, stay: Stay) -> Conversation:
        with self.inn.database.write() as tx:
            talk = correspondence.mail_with(tx, self.inn.ring, guest(self.inn, stay), at=AT, language="en")
            assert talk is not None
            return talk

    def say(self, stay: Stay, text: str = "Hello", *, at: datetime = AT, **more: Any) -> str:
        told = {"subject": SUBJECT, "html": f"<p>{text}</p>", "language": "en", **more}
        letter = Letter(text=text, property_id=self.inn.house.id, **told)
        talk = self.talk(stay)
        with self.inn.database.write() as tx:
            return correspondence.say(
                tx, self.inn.ring, talk, letter, at=at, by="desk", why="test", stay_id=stay.id
            )

    def send(self, at: datetime = AT) -> int:
        return dispatch_once(self.office, at=at)

    def row(self, message_id: str) -> dict[str, Any]:
        with self.inn.database.read() as db:
            row = db.one("message_to_settle", id=message_id)
            assert row is not None
            return dict(row)

    def state(self, message_id: str) -> str:
        return str(self.row(message_id)["state"])

    def unsent(self, state: Any) -> list[outbox.Unsent]:
        with self.inn.database.read() as db:
            return outbox.unsent(db, state)

    def reason(self) -> str:
        (dead,) = self.unsent("dead")
        return dead.reason

    def alarms(self) -> list[tuple[str, str]]:
        with self.inn.database.read() as db:
            return [(each.kind, each.subject) for each in alerts.open_alerts(db)]

    def mail(self) -> Mail:
        (mail,) = self.post_office.mails
        return mail


def guest(inn: Inn, stay: Stay) -> Contact:
    return inn.guests(stay)[0]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with PostOffice(tmp_path / "post", port=free_port()) as opened:
        yield opened


@pytest.fixture
def writer(inn: Inn, office: PostOffice) -> Iterator[Writer]:
    made = Writer(inn, office)
    yield made
    made.mailer.close()


# -- what arrives ------------------------------------------------------------------------------------
def test_a_mail_has_the_frame_the_newest_link_and_a_way_to_stop_in_html_and_in_plain_words(
    writer: Writer,
) -> None:
    inn, stay = writer.inn, writer.inn.add("ana")
    (old,) = inn.links(stay)
    with inn.database.write() as tx:
        body = msgspec.json.encode(FRAME).decode()
        catalogue.remember(
            tx, inn.house, [catalogue.Entry(language="en", kind="mail", key="frame", body=body)]
        )
    link = GuestLinkOf(link_id=old.id)
    message = writer.say(stay, "Mit Gruß", greeting="Ana <3", button="Open your page", link=link)
    with inn.database.write() as tx:
        new = stays.renew_link(tx, inn.ring, inn.house, old, at=AT, by=BY)
    writer.send()
    url = links.gate_link(PUBLIC, new.slug, stays.open_page_key(inn.ring, guest(inn, stay), new))
    stop = links.stop_link(PUBLIC, links.mail_token(inn.ring, writer.talk(stay).id))
    mail = writer.mail()
    assert (mail.to, mail.sender, mail.subject) == (ANA, HOUSE, SUBJECT)
    assert mail.raw.isascii()
    assert f'<p>Ana &lt;3</p><p>Mit Gruß</p> <a href="{url}">Open your page</a>' in mail.html
    assert f'<a href="{stop}">Stop</a>' in mail.html
    said = ("Ana <3", "Mit Gruß", f"Open your page\n{url}", f"Stop: {stop}")
    assert [each for each in said if each not in mail.text] == []
    head = mail.message
    assert head["Message-ID"] == f"<{message}@harbour.example.com>"
    assert head["List-Unsubscribe"] == f"<{stop}>, <mailto:{DESK}?subject=unsubscribe>"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (head["Reply-To"].addresses[0].addr_spec, head["Auto-Submitted"]) == (DESK, "auto-generated")
    assert head["Content-Language"] == "en"


def test_without_a_frame_plain_words_are_sent(writer: Writer) -> None:
    writer.say(writer.inn.add("ana"), "Just words")
    writer.send()
    assert writer.mail().text.strip() == "Just words"
    assert not writer.mail().html


def test_neither_the_archive_nor_the_outbox_keeps_the_link(writer: Writer) -> None:
    stay = writer.inn.add("ana")
    (link,) = writer.inn.links(stay)
    message = writer.say(stay, link=GuestLinkOf(link_id=link.id))
    writer.send()
    assert link.slug in writer.mail().text
    with writer.inn.database.read() as db:
        kept = correspondence.said(db, writer.inn.ring, message)
    assert link.slug not in repr(kept)


def test_two_guests_behind_one_address_stay_apart_and_each_gets_their_own(writer: Writer) -> None:
    agency = "bookings@agency.example.com"
    one = writer.inn.add("one", guest=Person(name="Ana", email=agency))
    two = writer.inn.add("two", writer.inn.period("room-2"), guest=Person(name="Tomas", email=agency))
    assert writer.talk(one).id != writer.talk(two).id
    writer.say(one, "for Ana")
    writer.say(two, "for Tomas")
    writer.send()
    names = [mail.message["To"].addresses[0].display_name for mail in writer.post_office.of(agency)]
    assert sorted(names) == ["Ana", "Tomas"]


def test_a_corrected_address_gets_what_was_waiting(writer: Writer) -> None:
    stay = writer.inn.add("ana")
    writer.say(stay)
    with writer.inn.database.write() as tx:
        person = contacts.opened(writer.inn.ring, guest(writer.inn, stay))
        right = msgspec.structs.replace(person, email="right@example.com")
        contacts.change_contact(tx, writer.inn.ring, guest(writer.inn, stay), right)
    writer.send()
    assert writer.mail().to == "right@example.com"


# -- what does not -------------------------------------------------------------------------------------
def test_after_an_opt_out_nothing_goes(writer: Writer) -> None:
    stay = writer.inn.add("ana")
    talk = writer.talk(stay)
    writer.say(stay)
    with writer.inn.database.write() as tx:
        correspondence.mark(tx, talk, opted_out_at=later(minutes=1))
    writer.say(stay, "later", at=later(minutes=2))
    writer.send(later(minutes=3))
    assert writer.post_office.mails == []
    assert {each.reason for each in writer.unsent("dead")} == {OPTED_OUT}


def test_a_source_that_forbids_it_gets_no_mail_but_one_for_staff_about_its_guests_goes(
    writer: Writer,
) -> None:
    stay = writer.inn.add("ana", source="airbnb")
    writer.say(stay)
    writer.send()
    assert writer.reason() == SOURCE_FORBIDS
    writer.say(stay, is_to_staff=True)
    writer.send()
    assert "List-Unsubscribe" not in writer.mail().message


def test_an_erased_guest_and_one_whose_address_is_none_get_nothing(writer: Writer) -> None:
    stay = writer.inn.add("ana", guest=Person(name="Ana", email="unknown"))
    writer.say(stay)
    writer.send()
    assert writer.reason() == NO_MAILBOX
    gone = writer.inn.add("tomas", writer.inn.period("room-2"))
    writer.say(gone)
    with writer.inn.database.write() as tx:
        tx.statement("delete from guest_keys")  # type: ignore[attr-defined]
    writer.send(later(minutes=1))
    assert {each.reason for each in writer.unsent("dead")} == {NO_MAILBOX, ERASED}


def test_a_guest_without_an_address_has_no_conversation_by_mail(writer: Writer) -> None:
    stay = writer.inn.add("tomas", guest=TOMAS)
    with writer.inn.database.write() as tx:
        assert correspondence.mail_with(tx, writer.inn.ring, guest(writer.inn, stay), at=AT) is None


def test_whatsapp_never_finds_a_conversation_by_mail(writer: Writer) -> None:
    stay = writer.inn.add("ana")
    talk = writer.talk(stay)
    with writer.inn.database.read() as db:
        assert db.one("conversation_of_contact", contact_id=guest(writer.inn, stay).id) is None
        rows = db.all("conversations_of_stay", stay_id=stay.id)
    assert [row["id"] for row in rows] == [talk.id]


# -- what the server says ------------------------------------------------------------------------------
def test_a_refused_address_is_a_dead_letter_in_plain_words(writer: Writer) -> None:
    writer.post_office.tell(at="rcpt", what="550 5.1.1 No such mailbox")
    writer.say(writer.inn.add("ana"))
    writer.send()
    writer.send(later(days=1))
    assert (writer.reason(), writer.post_office.tries) == (codes.MAIL_REFUSED, 1)
    assert writer.alarms() == []


def test_greylisting_is_met_again_after_five_minutes_and_the_mail_arrives_once(writer: Writer) -> None:
    writer.post_office.tell(at="rcpt", what="450 4.7.1 Greylisted, come back later", times=1)
    message = writer.say(writer.inn.add("ana"))
    writer.send()
    writer.send(later(minutes=4.9))
    assert (writer.state(message), writer.post_office.tries) == ("waiting", 1)
    writer.send(later(minutes=5.1))
    assert writer.state(message) == "sent"
    assert writer.mail().id == f"<{message}@harbour.example.com>"


def test_who_says_later_for_days_gets_a_dead_letter_in_the_end(writer: Writer) -> None:
    writer.post_office.tell(at="rcpt", what="451 4.3.0 Later")
    writer.say(writer.inn.add("ana"))
    for step in range(outbox.MOST_TRIES + 2):
        writer.send(later(hours=2.1 * step))
    assert writer.reason() == outbox.TRIED_ENOUGH
    assert writer.post_office.tries == outbox.MOST_TRIES


@pytest.mark.parametrize("what", [SILENCE, DROP])
def test_without_an_answer_after_the_message_it_is_in_doubt_and_never_sent_again_by_itself(
    writer: Writer, what: str
) -> None:
    writer.post_office.tell(at="message", what=what, times=1)
    message = writer.say(writer.inn.add("ana"))
    writer.send()
    for day in range(1, 4):
        writer.send(later(days=day))
    assert (writer.state(message), len(writer.post_office.mails)) == ("in_doubt", 1)
    assert [each.id for each in writer.unsent("in_doubt")] == [message]


def test_a_refused_login_alarms_the_host_until_something_can_be_sent_again(inn: Inn, tmp_path: Path) -> None:
    port, stay = free_port(), inn.add("ana")
    with PostOffice(tmp_path / "post", port=port, login=("house", "right")) as office:
        writer = Writer(inn, office)
        writer.say(stay)
        writer.send()
        assert writer.reason() == codes.WORDS[-530]
        assert writer.alarms() == [("mail-configuration", "mail")]
        writer.mailer.close()
    with PostOffice(tmp_path / "post", port=port) as office:
        writer = Writer(inn, office)
        writer.say(stay, at=later(minutes=1))
        writer.send(later(minutes=1))
        assert writer.alarms() == []
        writer.mailer.close()


def test_while_the_server_is_away_mails_wait_and_whatsapp_goes_on(inn: Inn, tmp_path: Path) -> None:
    port = free_port()
    guests = [
        inn.add(f"guest-{n}", inn.period(""), guest=Person(name=f"Guest {n}", email=f"guest{n}@example.com"))
        for n in range(12)
    ]
    away = PostOffice(tmp_path / "post", port=port)
    writer, post = Writer(inn, away), Post(inn)
    messages = [writer.say(stay) for stay in guests]
    both = replace(writer.office, speaker=post.graph)
    at = AT
    for minute in range(3):
        post.say(post.talk(), Text(text=f"minute {minute}"))
        dispatch_once(both, at=at)
        at += timedelta(minutes=1)
    assert post.texts == ["minute 0", "minute 1", "minute 2"]
    assert {writer.state(each) for each in messages} == {"waiting"}
    with away:
        for _ in range(30):
            dispatch_once(both, at=at)
            at += timedelta(minutes=1)
        assert sorted(mail.id for mail in away.mails) == sorted(
            f"<{each}@harbour.example.com>" for each in messages
        )
    writer.mailer.close()


def test_a_mail_server_that_is_slow_holds_no_whatsapp_message_up(inn: Inn, tmp_path: Path) -> None:
    post = Post(inn)
    with PostOffice(tmp_path / "post", port=free_port()) as office:
        writer = Writer(inn, office, after=60.0)
        office.tell(at="message", what=SILENCE)
        for number in range(MAILS_AT_ONCE + 2):
            person = Person(name="G", email=f"guest{number}@example.com")
            writer.say(inn.add(f"guest-{number}", inn.period(""), guest=person))
        message = post.say(post.talk())
        both = replace(writer.office, speaker=post.graph)
        post.graph.hold = lambda _: until(lambda: len(office.mails) == MAILS_AT_ONCE, "mails under way")
        sending = threading.Thread(target=dispatch_once, args=(both,), kwargs={"at": AT})
        sending.start()
        until(lambda: post.state(message) == "sent", "the message on WhatsApp")
        assert len(office.mails) == MAILS_AT_ONCE
    sending.join()
    assert len(writer.unsent("in_doubt")) == MAILS_AT_ONCE
    writer.mailer.close()


# -- counted -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("listed", "price"), [({}, 0), ({"email": {"default": 100}}, 100)])
def test_a_mail_costs_nothing_or_what_the_list_says(
    inn: Inn, office: PostOffice, listed: dict[str, dict[str, int]], price: int
) -> None:
    writer = Writer(inn, office, prices=Prices(currency="EUR", rows=listed))
    message = writer.say(inn.add("ana"))
    writer.send()
    row = writer.row(message)
    assert (row["category"], row["price"], row["currency"]) == ("email", price, "EUR")
    writer.mailer.close()


def test_what_is_no_letter_is_not_said_by_mail(writer: Writer) -> None:
    talk = writer.talk(writer.inn.add("ana"))
    with writer.inn.database.write() as tx:
        correspondence.say(tx, writer.inn.ring, talk, Text(text="Hello"), at=AT, by="desk", why="test")
    writer.send()
    assert writer.post_office.mails == []
    assert len(writer.unsent("dead")) == 1


def test_nothing_of_a_number_is_touched_where_only_mail_is_set_up(writer: Writer) -> None:
    post = Post(writer.inn)
    message = post.say(post.talk())
    writer.say(writer.inn.add("ana"))
    writer.send()
    assert len(writer.post_office.mails) == 1
    assert post.state(message) == "waiting"
