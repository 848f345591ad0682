"""E-mail is set up step by step; the first thing that is missing is told with its mend."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guestlink.settings import load_settings, save_setting
from tests.commands.conftest import Say
from tests.postoffice import PostOffice
from tests.services import free_port

Check = Callable[..., dict[str, str]]
LOGIN = ("house@example.com", "s3cret/word")
FROM = "stay@harbour.example.com"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with PostOffice(tmp_path / "post", port=free_port(), login=LOGIN) as opened:
        yield opened


@pytest.fixture
def check(in_house: Say, home: Path) -> Check:
    """`check("--to", …, mail_url="…")` walks with that set; the texts of the steps."""

    def checking(*words: str, code: int = 0, **changed: str) -> dict[str, str]:
        save_setting(load_settings(home, {}), **changed)
        answer = in_house("mail", "check", "--json", *words)
        steps = json.loads(answer.last)
        assert answer.code == code, steps[-1]
        assert steps[-1]["holds"] is (code == 0)
        return {step["name"]: step["text"] for step in steps}

    return checking


def url(office: PostOffice, password: str = "s3cret%2Fword") -> str:
    return f"smtp://house%40example.com:{password}@127.0.0.1:{office.port}"


def test_without_settings_it_says_which_are_missing(check: Check) -> None:
    assert "E-mail is not set up." in check(code=2)["settings"]
    assert "no address that e-mails come from" in check(code=2, mail_url="smtp://127.0.0.1")["settings"]


def test_every_step_holds_and_a_test_mail_arrives_without_a_word_of_the_password(
    check: Check, office: PostOffice
) -> None:
    told = check("--to", "ana@example.com", mail_url=url(office), mail_from=FROM)
    assert list(told) == ["settings", "server", "login", "letterhead", "stopping", "message"]
    assert not any("s3cret" in text or "house@" in text for text in told.values())
    (mail,) = office.mails
    assert (mail.to, mail.sender) == ("ana@example.com", FROM)
    assert "test e-mail from Guest Link" in mail.text


def test_a_wrong_password_a_server_that_is_away_and_a_refused_address_are_told(
    check: Check, office: PostOffice
) -> None:
    wrong = check(code=77, mail_url=url(office, "wrong"), mail_from=FROM)
    assert "does not take our name and password" in wrong["login"]
    office.tell(at="rcpt", what="550 5.1.1 No such mailbox")
    refused = check("--to", "nobody@example.com", code=1, mail_url=url(office), mail_from=FROM)
    assert "No such mailbox" in refused["message"]
    away = check(code=75, mail_url=f"smtp://127.0.0.1:{free_port()}", mail_from=FROM)
    assert "Nobody answers" in away["server"]


def test_into_a_folder_it_needs_no_server(check: Check, home: Path) -> None:
    told = check("--to", "ana@example.com", mail_url="file:data/mail", mail_from=FROM)
    assert "server" not in told
    assert len(list((home / "data/mail").glob("*.eml"))) == 1
