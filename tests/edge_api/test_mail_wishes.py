"""The page behind "Stop these e-mails": one click stops them, one brings them back, a look does nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from lxml import html

from edge_api import correspondence, outbox
from edge_api.app import create_app
from edge_api.conversation import OPTED_OUT
from edge_api.correspondence import Conversation
from edge_api.messages import Letter
from guestlink import links, records
from guestlink.records import Contact
from guestlink.settings import Settings, save_setting
from tests.edge_api.test_walk_in import text
from tests.house import AT, EMAIL, NAME, make_home, opened, run_publish, the_house, three_stays

FORM = {"content-type": "application/x-www-form-urlencoded"}
STOPPED = "Wir schreiben Ihnen keine E-Mails mehr."


class Guest:
    """A guest with an e-mail in their hand: their conversation, and the link that stands in it."""

    def __init__(self, settings: Settings) -> None:
        self.database, self.ring = opened(settings)
        self.contact = self._contact()
        with self.database.write() as tx:
            talk = correspondence.mail_with(tx, self.ring, self.contact, at=AT, language="de")
            assert talk is not None
            self.talk = correspondence.mark(tx, talk, opted_out_at=None)
        self.path = f"/api/guest/mail/{links.mail_token(self.ring, self.talk.id)}"

    def _contact(self) -> Contact:
        with self.database.read() as db:
            return records.contacts(db, records.find_stay(db, "ANA"))[0]

    @property
    def now(self) -> Conversation:
        with self.database.read() as db:
            return correspondence.load(db, self.talk.id)

    def say(self) -> str:
        letter = Letter(subject="Hello", text="Hello", property_id=the_house(self.database).id)
        with self.database.write() as tx:
            return correspondence.say(tx, self.ring, self.talk, letter, at=AT, by="desk", why="test")

    def dead(self) -> dict[str, str]:
        with self.database.read() as db:
            return {each.id: each.reason for each in outbox.unsent(db, "dead")}

    def changes(self) -> int:
        """How often the journal tells that they want something else."""
        with self.database.read() as db:
            return len(db.all("events_of_stream", stream=f"contact:{self.contact.id}", after=0))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = save_setting(make_home(tmp_path_factory.mktemp("mail")), public_url="https://stay.example.com")
    three_stays(settings)
    run_publish(settings)
    return settings


@pytest.fixture
def ana(home: Settings) -> Iterator[Guest]:
    guest = Guest(home)
    yield guest
    guest.database.close()


@pytest.fixture
def client(home: Settings) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(home, at=lambda: AT), base_url=home.public_url) as made:
        yield made


def forms(answer: httpx.Response) -> list[tuple[str, dict[str, str]]]:
    """What can be pressed, and what it sends."""
    page = html.document_fromstring(answer.text)
    shown = [form for form in page.forms if form.get("hidden") is None]
    return [(form.xpath("string(.//button)"), dict(form.fields)) for form in shown]


def test_a_look_changes_nothing_and_the_page_names_the_house_and_nobody(
    ana: Guest, client: TestClient[Litestar]
) -> None:
    assert client.head(ana.path).status_code == 200
    answer = client.get(ana.path)
    assert (answer.status_code, ana.now.opted_out_at) == (200, None)
    assert forms(answer) == [("Diese E-Mails abbestellen", {})]
    assert '<html lang="de"' in answer.text
    assert all(word not in answer.text for word in (NAME, EMAIL, "<script"))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")


def test_one_press_stops_everything_that_waits_and_says_so_a_second_one_says_the_same(
    ana: Guest, client: TestClient[Litestar]
) -> None:
    waiting, before = ana.say(), ana.changes()
    first, second = (client.post(ana.path) for _ in range(2))
    assert (first.status_code, text(first)) == (200, text(second))
    assert STOPPED in text(first)
    assert ana.now.opted_out_at == AT
    assert ana.dead()[waiting] == OPTED_OUT
    assert ana.changes() == before + 1


@pytest.mark.parametrize("more", [{}, {"origin": "https://mail.example.org", "sec-fetch-site": "cross-site"}])
def test_the_button_of_a_mail_program_stops_them_too(
    ana: Guest, client: TestClient[Litestar], more: dict[str, str]
) -> None:
    answer = client.post(ana.path, content="List-Unsubscribe=One-Click", headers=FORM | more)
    assert (answer.status_code, ana.now.opted_out_at) == (200, AT)


def test_a_form_that_is_not_ours_stops_them_however_many_fields_it_has(
    ana: Guest, client: TestClient[Litestar]
) -> None:
    answer = client.post(ana.path, content="&".join(["wish=again"] * 20), headers=FORM)
    assert (answer.status_code, ana.now.opted_out_at) == (200, AT)


def test_there_is_a_way_back(ana: Guest, client: TestClient[Litestar]) -> None:
    ((_, sent),) = forms(client.post(ana.path))
    answer = client.post(ana.path, data=sent)
    assert ana.now.opted_out_at is None
    assert [button for button, _ in forms(answer)] == ["Diese E-Mails abbestellen"]
    assert ana.dead().get(ana.say()) is None


def test_another_language_can_be_chosen(ana: Guest, client: TestClient[Litestar]) -> None:
    answer = client.get(f"{ana.path}?language=ar")
    assert '<html lang="ar" dir="rtl"' in answer.text
    page = html.document_fromstring(answer.text)
    assert {link.get("href") for link in page.xpath("//*[@hreflang]")} >= {"?language=ja", "?language=en"}


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é"])
def test_a_link_that_is_not_ours_gets_one_sentence_and_changes_nothing(
    ana: Guest, client: TestClient[Litestar], token: str
) -> None:
    for answer in (client.get(f"/api/guest/mail/{token}"), client.post(f"/api/guest/mail/{token}")):
        assert answer.status_code == 404
        assert "This link is not complete." in text(answer)
        assert forms(answer) == []
    assert ana.now.opted_out_at is None


def test_of_an_erased_guest_nothing_is_left_to_stop(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with bare(tmp_path_factory) as (client, ana):
        with ana.database.write() as tx:
            tx.statement("delete from guest_keys")  # type: ignore[attr-defined]
        assert [client.request(method, ana.path).status_code for method in ("GET", "POST")] == [404, 404]


def test_before_anything_was_published_it_works_in_plain_words(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with bare(tmp_path_factory) as (client, ana):
        answer = client.post(ana.path)
        assert (answer.status_code, ana.now.opted_out_at) == (200, AT)
        assert STOPPED in answer.text
        assert "<" not in answer.text


@contextmanager
def bare(factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient[Litestar], Guest]]:
    """A house that has published nothing."""
    settings = make_home(factory.mktemp("bare"))
    three_stays(settings)
    ana = Guest(settings)
    with TestClient(create_app(settings, at=lambda: AT)) as client:
        yield client, ana
    ana.database.close()
