"""Mails against a real SMTP server: what a reply proves, and what a connection that breaks off."""

import socket
import stat
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from edge_api import codes
from edge_api.letters import Cover, composed
from edge_api.mail import Mailer
from edge_api.messages import Letter, Sender
from edge_api.outcomes import NotSent, Sent, Unknown, mail_refusal
from guestlink.errors import SettingsError
from guestlink.settings import Settings
from tests.databases import AT
from tests.postoffice import DROP, SILENCE, PostOffice, certificate
from tests.services import free_port

HOUSE = "stay@harbour.example.com"
ANA = "ana@example.com"
LETTER = Letter(subject="Your page", text="Hello Ana\n.\n..and a line with a dot\n", language="en")
ELSEWHERE = "127.0.0.2"  # this machine, and to the program another one


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with PostOffice(tmp_path / "post", port=free_port()) as opened:
        yield opened


@pytest.fixture
def mailer(office: PostOffice) -> Iterator[Mailer]:
    made = mailer_for(office.url)
    yield made
    made.close()


def mailer_for(url: str, *, home: Path = Path(), after: float = 10.0) -> Mailer:
    settings = Settings(home=str(home), mail_url=url, mail_from=HOUSE, mail_bounce="bounce@example.com")
    return Mailer(settings, after=after)


def send(mailer: Mailer, number: int = 1, *, to: str = ANA) -> Sent | NotSent | Unknown:
    cover = Cover(
        message_id=f"<{number}@harbour.example.com>",
        house="Harbour House",
        mail_from=HOUSE,
        to=Sender(email=to),
        address=to,
        at=AT,
    )
    body = composed(LETTER, cover)
    return mailer.send(LETTER, to=Sender(email=to), number_id="mail", callback=str(number), file=body)


# -- taken -----------------------------------------------------------------------------------------
def test_a_mail_arrives_as_it_was_made_and_bounces_go_elsewhere(mailer: Mailer, office: PostOffice) -> None:
    assert send(mailer) == Sent("<1@harbour.example.com>")
    (mail,) = office.mails
    assert (mail.sender, mail.to, mail.id) == ("bounce@example.com", ANA, "<1@harbour.example.com>")
    assert mail.text.startswith("Hello Ana\n.\n..and a line with a dot\n")
    assert mail.raw.isascii()


def test_a_connection_is_used_again_and_one_that_has_ended_is_no_outcome(tmp_path: Path) -> None:
    port = free_port()
    with PostOffice(tmp_path / "post", port=port) as office:
        mailer = mailer_for(office.url)
        assert isinstance(send(mailer, 1), Sent)
        assert isinstance(send(mailer, 2), Sent)
        assert office.connections == 1
    with PostOffice(tmp_path / "post", port=port) as office:
        assert isinstance(send(mailer, 3), Sent)
        assert [mail.id[1] for mail in office.mails] == ["1", "2", "3"]
        mailer.close()


def test_in_a_folder_each_mail_is_a_file_for_our_eyes_only_and_the_same_mail_the_same_file(
    tmp_path: Path,
) -> None:
    mailer = mailer_for("file:data/mail", home=tmp_path)
    assert isinstance(send(mailer, 1), Sent)
    assert isinstance(send(mailer, 1), Sent)
    (file,) = (tmp_path / "data/mail").iterdir()
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == ANA
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# -- refused ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "reply", "code", "action"),
    [
        ("rcpt", "550 5.1.1 No such mailbox", 550, "never"),
        ("rcpt", "550 No such user here", 550, "never"),
        ("rcpt", "552 5.2.2 Mailbox full", 552, "never"),
        ("rcpt", "450 4.7.1 Greylisted", 450, "retry"),
        ("rcpt", "554 5.7.1 Relay access denied", -554, "configure"),
        ("rcpt", "550 relay not permitted", -550, "configure"),
        ("rcpt", "530 5.7.0 Authentication required", -530, "configure"),
        ("mail", "553 5.7.1 Sender address rejected: not owned by user", -553, "configure"),
        ("mail", "452 4.3.1 Not enough storage", 452, "retry"),
        ("message", "554 5.7.1 Looks like spam", 554, "never"),
        ("message", "550 5.1.8 The sender's domain is not known", -550, "configure"),
        ("message", "451 4.3.0 Try later", 451, "retry"),
    ],
)
def test_what_a_reply_means(
    mailer: Mailer, office: PostOffice, at: str, reply: str, code: int, action: str
) -> None:
    office.tell(at=at, what=reply)  # type: ignore[arg-type]
    told = send(mailer)
    assert isinstance(told, NotSent)
    assert (told.code, codes.action_of(told.code)) == (code, action)
    assert office.mails == []


def test_a_refused_mail_leaves_the_connection_for_the_next(mailer: Mailer, office: PostOffice) -> None:
    office.tell(at="rcpt", what="550 5.1.1 Nobody", who="nobody@example.com")
    assert isinstance(send(mailer, 1, to="nobody@example.com"), NotSent)
    assert isinstance(send(mailer, 2), Sent)
    assert office.connections == 1


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "a@b@example.com", "ana@exa mple.com", "ä@example.com"]
)
def test_what_is_no_address_is_not_tried(mailer: Mailer, office: PostOffice, address: str) -> None:
    told = mailer.send(LETTER, to=Sender(email=address), number_id="mail", callback="1", file=b"Subject: x")
    assert told == NotSent(codes.NO_ADDRESS)
    assert office.connections == 0


def test_no_reply_of_a_mail_server_is_a_code_of_metas_and_none_of_metas_is_a_mail_servers() -> None:
    metas = codes.CONFIGURE | codes.STOPPED | codes.WAIT_LONG | codes.NEVER | set(codes.ROUTES)
    assert not metas & codes.MAIL
    assert codes.action_of(368) == "stopped"
    assert not any(codes.is_known(reply) for reply in codes.MAIL)
    assert mail_refusal(250, "", step="recipient").code == codes.NO_MAIL_SERVER


# -- broken off ------------------------------------------------------------------------------------
def test_a_server_that_is_away_got_nothing() -> None:
    mailer = mailer_for(f"smtp://127.0.0.1:{free_port()}")
    told = send(mailer)
    assert isinstance(told, NotSent)
    assert told.code == codes.NO_MAIL_SERVER
    assert not mailer.is_there()


def test_a_connection_that_breaks_before_the_message_has_left_is_no_doubt(
    mailer: Mailer, office: PostOffice
) -> None:
    office.tell(at="rcpt", what=DROP)
    told = send(mailer)
    assert isinstance(told, NotSent)
    assert told.code in {codes.NO_MAIL_SERVER, codes.MAIL_CLOSES}


@pytest.mark.parametrize("what", [DROP, SILENCE])
def test_no_answer_after_the_message_is_doubt(office: PostOffice, what: str) -> None:
    office.tell(at="message", what=what)
    mailer = mailer_for(office.url, after=0.3)
    assert isinstance(send(mailer), Unknown)
    assert len(office.mails) == 1
    mailer.close()


def test_a_message_that_breaks_off_half_way_is_no_doubt() -> None:
    """The server goes away while the message is on its way: the dot at its end never left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_goes_away_in_the_middle, args=(server,))
        thread.start()
        mailer = mailer_for(f"smtp://127.0.0.1:{server.getsockname()[1]}")
        huge = b"Subject: x\r\n\r\n" + b"x" * 70 * 200_000
        told = mailer.send(LETTER, to=Sender(email=ANA), number_id="mail", callback="1", file=huge)
        thread.join()
    assert isinstance(told, NotSent)
    assert told.code == codes.NO_MAIL_SERVER


def _goes_away_in_the_middle(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 post.example.com\r\n")
        for reply in (b"250 post.example.com\r\n", b"250 Fine\r\n", b"250 Fine\r\n", b"354 Go on\r\n"):
            lines.readline()
            connection.sendall(reply)
        connection.recv(4096)


# -- who may -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("password", "fits"), [("s3/cret", True), ("wrong", False)])
def test_a_login_that_does_not_work_is_a_matter_of_the_settings(
    tmp_path: Path, password: str, fits: bool
) -> None:
    port = free_port()
    with PostOffice(tmp_path / "post", port=port, login=("house@example.com", "s3/cret")) as office:
        quoted = password.replace("/", "%2F")
        mailer = mailer_for(f"smtp://house%40example.com:{quoted}@127.0.0.1:{port}")
        told = send(mailer)
        mailer.close()
    assert (told.code if isinstance(told, NotSent) else 0) == (0 if fits else -535), told
    assert len(office.mails) == fits


def test_to_another_machine_nothing_goes_without_a_certificate_that_can_be_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificate(tmp_path / "own.pem", host=ELSEWHERE)
    with PostOffice(tmp_path / "clear", port=free_port(), host=ELSEWHERE) as clear:
        told = send(mailer_for(clear.url))
        assert told == NotSent(codes.NO_ENCRYPTION)
    with PostOffice(tmp_path / "sealed", port=free_port(), host=ELSEWHERE, tls=own) as office:
        told = send(mailer_for(office.url))
        assert isinstance(told, NotSent)
        assert told.code == codes.NO_ENCRYPTION
        monkeypatch.setenv("SSL_CERT_FILE", str(own.file))
        mailer = mailer_for(office.url)
        assert isinstance(send(mailer), Sent)
        mailer.close()
        assert len(office.mails) == 1


@pytest.mark.parametrize("url", ["", "smtp://:25", "smtp://host:port"])
def test_settings_that_name_no_mail_server_are_told_of(url: str) -> None:
    with pytest.raises(SettingsError):
        mailer_for(url)
