"""Couriers as a process of their own: what they had under way when they were killed is never sent again."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from edge_api import by_hand, correspondence, outbox
from edge_api.dispatch import dispatch_once, open_office
from edge_api.mail import Mailer
from edge_api.messages import Letter
from guestlink import clock, records
from guestlink.database import Database
from guestlink.settings import Settings, save_setting
from tests.house import command, make_home, opened, the_house, three_stays
from tests.postoffice import SILENCE, PostOffice
from tests.services import free_port
from tests.town import until

FROM = "stay@harbour.example.com"


@contextmanager
def couriers(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    words = ["env", f"GUESTLINK_HOME={settings.home}", *command(Path(settings.home)), "couriers", "--quiet"]
    process = subprocess.Popen(words)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def say(settings: Settings, text: str) -> str:
    database, ring = opened(settings)
    with database.write() as tx:
        contact = records.contacts(tx, records.find_stay(tx, "ANA"))[0]
        talk = correspondence.mail_with(tx, ring, contact, at=clock.now())
        assert talk is not None
        letter = Letter(subject=text, text=text, property_id=the_house(database).id)
        message = correspondence.say(tx, ring, talk, letter, at=clock.now(), by="desk", why="test")
    database.close()
    return message


def states(database: Database) -> dict[str, str]:
    with database.read() as db:
        found = [*outbox.unsent(db, "waiting"), *outbox.unsent(db, "in_doubt"), *outbox.unsent(db, "dead")]
    return {each.id: each.state for each in found}


def test_killed_while_the_mail_server_looks_at_a_mail_it_is_in_doubt_and_there_is_one_copy(
    tmp_path: Path,
) -> None:
    settings = make_home(tmp_path / "home")
    three_stays(settings)
    with PostOffice(tmp_path / "post", port=free_port()) as office:
        settings = save_setting(settings, mail_url=office.url, mail_from=FROM)
        office.tell(at="message", what=SILENCE, times=1)
        unknown, behind = say(settings, "first"), say(settings, "second")
        with couriers(settings) as process:
            until(lambda: len(office.mails) == 1, "a mail is there and not answered")
            process.send_signal(signal.SIGKILL)
            process.wait()
        database, ring = opened(settings)
        mailer = Mailer(settings)
        place = open_office(settings, database, lambda: ring, mailer=mailer)
        later = clock.now() + outbox.MAIL_LEASE + timedelta(seconds=1)
        dispatch_once(place, at=later)
        assert states(database) == {unknown: "in_doubt"}
        assert [mail.subject for mail in office.mails] == ["first", "second"]
        assert office.mails[1].id == f"<{behind}@harbour.example.com>"
        with database.write() as tx:  # the control: a second copy would be seen
            by_hand.retry(tx, unknown, at=later)
        dispatch_once(place, at=later)
        assert [mail.id for mail in office.mails].count(f"<{unknown}@harbour.example.com>") == 2
        mailer.close()
        database.close()
