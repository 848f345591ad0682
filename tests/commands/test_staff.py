"""A host at the terminal says who works here and who is asked first."""

import json
from collections.abc import Callable

import pytest

from edge_api import team
from edge_api.sign_in import sessions
from edge_api.sign_in.browsers import Device
from guestlink import clock, journal
from guestlink.database import Database
from tests.commands.conftest import Say

MIRA = ("Mira Holm", "--phone", "+44 7700 900101")
JORY = ("Jory", "--phone", "+1 555 0102")
PLANTED = ("Mira", "Holm", "Jory", "7700", "555 01")


@pytest.fixture
def staffed(in_house: Say) -> Say:
    assert in_house("staff", "add", *MIRA).code == 0
    assert in_house("staff", "add", *JORY, "--property", "casa-azul", "--language", "pt").code == 0
    return in_house


def duty(say: Say) -> list[list[str]]:
    """Rows of the duty list."""
    lines = say("staff", "duty", "casa-azul").out.splitlines()
    return [line.split("\t") for line in lines if "\t" in line][1:]


def test_staff_are_listed_with_the_last_digits_of_their_phones(staffed: Say) -> None:
    told = staffed("staff", "list").out
    rows = [line.split("\t") for line in told.splitlines()]
    mira = next(row for row in rows if row[0] == "Mira Holm")
    assert mira[1:5] == ["…0101", "WhatsApp", "en", "casa-azul (staff)"]
    assert "7700" not in told
    assert "+44 7700 900101" in staffed("staff", "list", "--phones").out
    people = json.loads(staffed("staff", "list", "--json").out)
    assert {each["name"]: (each["houses"], each["writes"]) for each in people}["Jory"] == (
        {"casa-azul": "staff"},
        True,
    )


def test_who_is_added_is_on_duty_and_told_so(staffed: Say) -> None:
    told = staffed("staff", "add", "Nessa", "--phone", "+1 555 0103")
    assert "Nessa belongs to casa-azul." in told.out
    assert "on duty at all hours" in told.out
    assert (
        "Hosts are told" in staffed("staff", "add", "Kerensa", "--phone", "+1 555 0104", "--role", "host").out
    )
    assert "staff set Denzil --phone" in staffed("staff", "add", "Denzil").out
    assert [row[:2] for row in duty(staffed)] == [
        ["1", "Mira Holm"],
        ["2", "Jory"],
        ["3", "Nessa"],
        ["4", "Denzil"],
    ]
    assert duty(staffed)[3][4] == "cannot be told"


def test_the_duty_list_is_put_in_order_and_says_who_is_asked_first(staffed: Say) -> None:
    assert "Asked first now: Mira Holm, then Jory." in staffed("staff", "duty", "casa-azul").out
    told = staffed("staff", "duty", "casa-azul", "Jory", "--place", "1", "--hours", "always").out
    assert "Asked first now: Jory, then Mira Holm." in told
    staffed("staff", "duty", "casa-azul", "Mira", "--hours", "Mon-Fri 8:00-20:00, sat 9:00-12:00")
    assert duty(staffed)[1][3] == "mon-fri 08:00-20:00; sat 09:00-12:00"


def test_somebody_is_off_back_and_never_asked(staffed: Say) -> None:
    for when in ("tomorrow 8:00", "2090-01-01 08:00", "2090-01-01T08:00:00+00:00"):
        assert staffed("staff", "duty", "casa-azul", "Mira", "--off-until", when).code == 0
        assert duty(staffed)[0][4].startswith("off until ")
    assert "Asked first now: Jory." in staffed("staff", "duty", "casa-azul").out
    assert "Mira Holm, then Jory" in staffed("staff", "duty", "casa-azul", "Mira", "--on").out
    assert "Mira" not in staffed("staff", "duty", "casa-azul", "Mira", "--never").out
    assert "Nobody is on duty" in staffed("staff", "duty", "casa-azul", "Jory", "--never").out


def test_the_duty_list_is_there_for_machines(staffed: Say) -> None:
    staffed("staff", "duty", "casa-azul", "Jory", "--off-until", "tomorrow 08:00")
    rows = {each["name"]: each for each in json.loads(staffed("staff", "duty", "casa-azul", "--json").out)}
    assert (rows["Mira Holm"]["place"], rows["Mira Holm"]["now"]) == (1, "on duty")
    assert rows["Jory"]["off_until"]


def test_the_host_who_is_told_last_needs_a_phone(in_sample: Say) -> None:
    (host, *_) = json.loads(in_sample("staff", "list", "--json").out)
    assert "No host can be told" in in_sample("staff", "duty", "harbour-house").out
    assert in_sample("staff", "set", host["id"], "--phone", "+1 555 0104").code == 0
    assert f"When nobody answers: {host['name']}." in in_sample("staff", "duty", "harbour-house").out


def test_who_has_no_phone_is_told_by_e_mail_where_there_is_e_mail(in_sample: Say) -> None:
    told = in_sample("staff", "add", "Nessa", "--email", "nessa@example.com")
    assert "Nessa is told by e-mail" in told.out
    assert "Asked first now: Nessa" in in_sample("staff", "duty", "harbour-house").out
    ways = {each["name"]: each["told_by"] for each in json.loads(in_sample("staff", "list", "--json").out)}
    assert ways["Nessa"] == "e-mail"


def test_a_person_is_changed_joins_another_house_and_leaves_it(staffed: Say) -> None:
    told = ("--zone", "Europe/Lisbon", "--currency", "EUR", "--language", "en")
    assert staffed("property", "add", "casa-verde", *told).code == 0
    assert staffed("staff", "set", "Mira", "--property", "casa-verde", "--role", "manager").code == 0
    assert staffed("staff", "set", "Mira", "--name", "Mira Penrose").code == 0
    rows = json.loads(staffed("staff", "list", "--json").out)
    houses = {each["name"]: each["houses"] for each in rows}
    assert houses["Mira Penrose"] == {"casa-azul": "staff", "casa-verde": "manager"}
    assert "casa-verde any more" in staffed("staff", "remove", "Mira", "--property", "casa-verde").out
    assert staffed("staff", "add", "Nessa").code == 2
    assert staffed("staff", "set", "Mira").code == 2


def test_who_left_is_gone_and_nothing_of_them_was_told_in_the_journal(
    staffed: Say, records_of: Callable[[], Database]
) -> None:
    assert "Jory left" in staffed("staff", "remove", "Jory").out
    assert "Jory" not in staffed("staff", "list").out
    with records_of().read() as db:
        bodies = " ".join(f"{entry.kind} {entry.body}" for entry in journal.read_from(db, 0))
    assert "user-left" in bodies
    assert not [word for word in PLANTED if word in bodies]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "Nessa", "--phone", "0555 0103"), "Begin with + and the country"),
        (("add", "Nessa", "--phone", "+1 555 0102"), "Jory has this phone number already"),
        (("add", "Nessa", "--property", "casa-roja"), "There is no property"),
        (("set", "Nobody", "--language", "de"), "There is nobody called"),
        (("set", "Mira", "--language", "xx"), "is not a language"),
        (("duty", "casa-azul", "Mira", "--hours", "whenever"), "are no hours"),
        (("duty", "casa-azul", "Mira", "--off-until", "soon"), "is no moment"),
        (("duty", "casa-azul", "Mira", "--off-until", "2020-01-01 08:00"), "That moment is over"),
        (("duty", "casa-azul", "--place", "1"), "Of whom?"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(staffed: Say, words: tuple[str, ...], told: str) -> None:
    answer = staffed("staff", *words)
    assert answer.code
    assert told in answer.err


# -- how they sign in ------------------------------------------------------------------------------
def test_a_host_prints_a_link_by_which_somebody_signs_in(staffed: Say) -> None:
    first, second = (staffed("staff", "link", "Mira") for _ in range(2))
    url = first.out.splitlines()[0]
    assert "/staff/#in=" in url
    assert (url in second.out, "once, within a day" in first.out) == (False, True)
    assert staffed("staff", "sessions", "Mira").out.startswith("Mira Holm is signed in nowhere.")
    assert staffed("staff", "link", "Nobody").code == 1


def test_a_host_sees_where_somebody_is_signed_in_and_ends_it(
    staffed: Say, records_of: Callable[[], Database]
) -> None:
    database = records_of()
    with database.write() as tx:
        mira = next(user for user in team.users(tx) if user.ways == 1)
        device = Device(value="", token="a browser", browser="Chrome, Android")
        session = sessions.begin(tx, mira, how="code", device=device, at=clock.now())
    told = staffed("staff", "sessions", mira.id)
    row = told.out.splitlines()[1].split("\t")
    assert (row[:2], row[-1]) == (["Chrome, Android", "code"], session.id[-6:])
    assert json.loads(staffed("staff", "sessions", mira.id, "--json").out)[0]["id"] == session.id
    assert staffed("staff", "sessions", mira.id, "--passkeys").code == 2
    assert "is signed out." in staffed("staff", "sessions", mira.id, "--end", "--passkeys").out
    with database.read() as db:
        assert sessions.find(db, session.id, at=clock.now()) is None
