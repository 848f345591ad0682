"""What both databases promise: one transaction is one truth, and of two who are too fast one is told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from guestlink import clock, journal, rebuilds, records, stays
from guestlink import database as module
from guestlink.database import Database, Reading, SQLite, Writing, open_database
from guestlink.errors import GuestLinkError, InvalidInput, Outage, Refused, SettingsError, Stale
from guestlink.journal import Event
from tests.databases import AT, BY, FRIDAY, Inn, Place, furnish, together

PATIENCE = 20.0


def add_user(tx: Writing, name: str, *, key: str = "") -> str:
    user = key or clock.new_id()
    tx.do("add_user", id=user, name=name.encode(), made_at=clock.as_text(AT))
    return user


def user_name(db: Reading) -> str:
    """The name of the first user, empty without one."""
    row = db.one("first_user")
    return bytes(row["name"]).decode() if row else ""


def seen_by_others(database: Database) -> str:
    """The first user's name as another thread reads it now."""

    def look() -> str:
        with database.read() as db:
            return user_name(db)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result(PATIENCE)


# -- one transaction --------------------------------------------------------------------------------
def test_what_was_written_is_there_for_everybody(place: Place, database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta")
    assert seen_by_others(database) == "marta"
    other = place.open()
    with other.read() as db:
        assert user_name(db) == "marta"
    other.close()


def test_nobody_sees_what_is_not_committed(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta")
        assert user_name(tx) == "marta"
        assert seen_by_others(database) == ""
    assert seen_by_others(database) == "marta"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Refused])
def test_an_error_leaves_nothing_behind_and_passes_unchanged(
    database: Database, error: type[BaseException]
) -> None:
    with pytest.raises(error, match="half way"), database.write() as tx:
        add_user(tx, "marta")
        raise error("half way")
    with database.write() as tx:
        assert user_name(tx) == ""
        add_user(tx, "marta")
    assert seen_by_others(database) == "marta"


def test_a_read_sees_one_snapshot(database: Database) -> None:
    with database.read() as db:
        assert user_name(db) == ""
        with database.write() as tx:
            add_user(tx, "marta")
        assert user_name(db) == ""
    with database.read() as db:
        assert user_name(db) == "marta"


def test_a_read_that_failed_does_not_spoil_the_next(database: Database) -> None:
    with pytest.raises(ValueError, match="half way"), database.read() as db:
        user_name(db)
        raise ValueError("half way")
    with database.write() as tx:
        add_user(tx, "marta")
    with database.read() as db:
        assert user_name(db) == "marta"


def test_a_read_may_happen_inside_a_read_and_inside_a_write(database: Database) -> None:
    with database.read() as outer:
        with database.read() as inner:
            assert user_name(inner) == ""
        assert user_name(outer) == ""
    with database.write() as tx:
        add_user(tx, "marta")
        with database.read() as db:
            assert user_name(db) == ""


def test_many_threads_read_at_once(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta")
    gate = threading.Barrier(6)

    def look(_: int) -> str:
        with database.read() as db:
            gate.wait(PATIENCE)
            return user_name(db)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(look, range(6))) == ["marta"] * 6


def test_every_kind_of_value_comes_back_as_it_went_in(inn: Inn) -> None:
    words = 'O\'Hara: 100 % – Größe %s :name \\ "日本語" 🛏 \n\t'
    stay = inn.add("ANA", expected_arrival="", amount=2**62, imported=words)
    assert (stay.imported, stay.amount, stay.party_id) == (words, 2**62, None)
    with inn.database.write() as tx:
        add_user(tx, "", key="zero")
        tx.do("add_membership", user_id="zero", property_id=inn.house.id, role="host")
        tx.do("change_unit", id=inn.unit("room-1").id, title=words, feed=bytes(range(256)))
    assert (inn.unit("room-1").title, inn.unit("room-1").feed) == (words, bytes(range(256)))


def test_a_change_says_how_many_rows_it_changed(inn: Inn) -> None:
    with inn.database.write() as tx:
        assert tx.do("touch_property", id=inn.house.id) == 1
        assert tx.do("touch_property", id="nobody") == 0


def test_many_rows_are_written_at_once(inn: Inn) -> None:
    row = {"property_id": inn.house.id, "language": "en", "kind": "place", "body": "{}", "content_hash": ""}
    with inn.database.write() as tx:
        tx.do_many("add_catalogue_row", [{**row, "key": f"place-{number}"} for number in range(200)])
    with inn.database.read() as db:
        assert len(db.all("catalogue_of_property", property_id=inn.house.id)) == 200


# -- somebody was faster ----------------------------------------------------------------------------
def test_what_exists_already_is_stale_and_leaves_nothing_behind(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta", key="one")
    with pytest.raises(Stale, match="Somebody changed the same record"), database.write() as tx:
        add_user(tx, "tomas", key="two")
        add_user(tx, "tomas", key="one")
    assert seen_by_others(database) == "marta"


def test_what_belongs_to_nothing_is_stale(database: Database) -> None:
    with pytest.raises(Stale), database.write() as tx:
        tx.do("add_membership", user_id="nobody", property_id="nowhere", role="host")


def test_of_two_who_change_the_same_version_of_a_stay_one_is_told(inn: Inn) -> None:
    stay = inn.add("ANA")
    inn.change(stay, adults=2)
    with pytest.raises(Stale, match="changed by somebody else"):
        inn.change(stay, adults=3)
    assert inn.stay("ANA").adults == 2


APPEND = """
from guestlink import journal
from guestlink.journal import Event
database = place.open()
go()
for number in range(25):
    with database.write() as tx:
        journal.append(tx, "stay:ana", [Event(kind="counted")], at=AT, by=arguments[0])
database.close()
"""


def test_writers_in_several_processes_lose_nothing(place: Place, database: Database) -> None:
    seen: list[int] = []
    stop = threading.Event()

    def follow() -> None:
        """Reads on from the last position, as every follower of the journal does."""
        while not stop.is_set():
            with database.read() as db:
                seen.extend(entry.position for entry in journal.read_from(db, seen[-1] if seen else 0))

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        try:
            together(APPEND, place, ["ana"], ["tomas"], ["yuki"])
        finally:
            stop.set()
        following.result(PATIENCE)
    with database.read() as db:
        entries = journal.load(db, "stay:ana")
        assert [entry.version for entry in entries] == list(range(1, 76))
        assert journal.broken_at(db) is None
        rest = journal.read_from(db, seen[-1])
        assert [*seen, *(entry.position for entry in rest)] == [entry.position for entry in entries]


def test_writers_in_several_threads_lose_nothing(database: Database) -> None:
    def write(name: str) -> None:
        for _ in range(20):
            with database.write() as tx:
                journal.append(tx, "stay:ana", [Event(kind="counted")], at=AT, by=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, ["ana", "tomas", "yuki", "marta"]))
    with database.read() as db:
        assert journal.stream_version(db, "stay:ana") == 80
        assert journal.broken_at(db) is None


def append_in_two_threads(database: Database, append: object) -> tuple[bool, list[journal.Entry]]:
    """Two appends that overlap; whether the second waited for the first, and what the journal says then."""
    assert callable(append)
    done = threading.Event()

    def second() -> None:
        with database.write() as tx:
            append(tx, "stay:tomas")
        done.set()

    with ThreadPoolExecutor(1) as pool:
        with database.write() as tx:
            append(tx, "stay:ana")
            later = pool.submit(second)
            waited = not done.wait(0.3)
        later.result(PATIENCE)
    with database.read() as db:
        return waited, list(journal.read_from(db, 0))


def test_positions_appear_in_the_order_of_the_commits(database: Database) -> None:
    def append(tx: Writing, stream: str) -> None:
        journal.append(tx, stream, [Event(kind="counted")], at=AT, by=BY)

    waited, entries = append_in_two_threads(database, append)
    assert waited
    assert [entry.stream for entry in entries] == ["stay:ana", "stay:tomas"]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_without_the_lock_positions_would_appear_in_another_order(database: Database) -> None:
    """The control of the test above: a sequence alone does not order commits, and the chain forks."""

    class Unlocked:
        def __init__(self, tx: Writing) -> None:
            self.one, self.do = tx.one, tx.do

        def all(self, query: str) -> None:
            assert query == "lock_journal"

    def append(tx: Writing, stream: str) -> None:
        journal.append(Unlocked(tx), stream, [Event(kind="counted")], at=AT, by=BY)  # type: ignore[arg-type]

    waited, entries = append_in_two_threads(database, append)
    assert not waited
    assert len(entries) == 2
    with database.read() as db:
        assert journal.broken_at(db) == entries[1].position


# -- races about records ----------------------------------------------------------------------------
BOOK = """
from guestlink.errors import Refused
from guestlink.crypto import read_keys
inn = Inn(place.open(), read_keys(place.home / "keyring.json"))
go()
for night in range(8):
    try:
        inn.add(f"{arguments[0]}-{night}", inn.period(on=FRIDAY + timedelta(days=night), nights=1))
        print(night, end=" ")
    except Refused as error:
        assert "room-1 is taken" in error.message, error
inn.database.close()
"""


def test_of_several_who_want_one_room_for_a_night_exactly_one_gets_it(place: Place, inn: Inn) -> None:
    share_keys(place, inn)
    ended = together(BOOK, place, ["ana"], ["tomas"], ["yuki"])
    assert sorted(night for end in ended for night in end.output.split()) == [
        str(night) for night in range(8)
    ]
    with inn.database.read() as db:
        assert len(db.all("stays_of_property", property_id=inn.house.id)) == 8
        assert journal.broken_at(db) is None


def share_keys(place: Place, inn: Inn) -> None:
    from guestlink.crypto import write_keys

    write_keys(place.home / "keyring.json", inn.ring.stored)


def test_two_stays_that_move_into_the_same_room_at_once_do_not_both_get_it(place: Place, inn: Inn) -> None:
    """Both have a room already; only the last nights overlap."""
    movers = [inn.add("ANA", inn.period("room-2")), inn.add("TOMAS", inn.period("room-3"))]
    gate = threading.Barrier(2)
    wanted = inn.period("room-1")

    def move(number: int) -> str:
        mine = place.open()
        try:
            gate.wait(PATIENCE)
            with mine.write() as tx:
                stays.change_stay(
                    tx, inn.ring, inn.house, movers[number], at=AT, by=BY, new_periods=(wanted,)
                )
        except Refused as error:
            return error.message
        finally:
            mine.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(move, range(2)))
    assert answers[0] == ""
    assert answers[1].startswith("room-1 is taken from 2026-11-06 until 2026-11-08 by ")
    rooms = sorted(inn.periods(inn.stay(name))[0].unit or "" for name in ("ANA", "TOMAS"))
    assert rooms in (["room-1", "room-2"], ["room-1", "room-3"])


CLAIM = """
from guestlink import rebuilds
database = place.open()
go()
while claimed := rebuilds.claim_due(database, at=AT, most=3):
    print(*(rebuild.stay_id for rebuild in claimed), end=" ", flush=True)
database.close()
"""


def test_two_workers_never_claim_the_same_rebuild(place: Place, inn: Inn) -> None:
    house = inn.house
    with inn.database.write() as tx:
        for number in range(40):
            rebuilds.ask(tx, house, why="secret changed", at=AT, stay_id=f"stay-{number}")
    ended = together(CLAIM, place, [], [], [])
    claimed = [stay for end in ended for stay in end.output.split()]
    assert sorted(claimed) == sorted(f"stay-{number}" for number in range(40))


OPEN = """
go()
place.open().close()
"""


def test_several_processes_may_open_a_new_database_at_once(empty_place: Place) -> None:
    together(OPEN, empty_place, [], [], [], [])
    database = empty_place.open()
    furnish(database)
    with database.read() as db:
        assert records.find_property(db, "harbour-house").changes == 4
    database.close()


# -- what goes wrong outside ------------------------------------------------------------------------
def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "guestlink.db").write_text("These are notes about stays, not a database at all. " * 100)
    with pytest.raises(
        SettingsError, match=r"guestlink\.db cannot be opened: file is not a database"
    ) as caught:
        open_database("sqlite:///guestlink.db", home=tmp_path)
    assert caught.value.setting == "database_url"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsError, match="Check database_url and that the folder can be written"):
        open_database("sqlite:///data/guestlink.db", home=tmp_path)


def test_a_sqlite_file_is_written_so_that_a_power_cut_loses_nothing(tmp_path: Path) -> None:
    """And what is deleted is overwritten (P1), and what refers to nothing is refused."""
    database = open_database("sqlite:///guestlink.db", home=tmp_path)
    assert isinstance(database, SQLite)
    found = {name: database._writer.execute(f"pragma {name}").fetchone()[0] for name in PRAGMAS}
    assert found == PRAGMAS
    database.close()


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_a_closed_sqlite_database_is_one_file(tmp_path: Path) -> None:
    database = open_database("sqlite:///guestlink.db", home=tmp_path)
    furnish(database)
    with database.read() as db:
        assert records.properties(db)
    database.close()
    assert [file.name for file in tmp_path.iterdir()] == ["guestlink.db"]


def test_a_database_that_stays_locked_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    first, second = (open_database("sqlite:///guestlink.db", home=tmp_path) for _ in range(2))
    with first.write() as tx:
        add_user(tx, "marta")
        with pytest.raises(Outage, match="database is locked") as caught, second.write():
            pass
    assert caught.value.retry
    with second.write() as tx:
        assert user_name(tx) == "marta"
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            ("known-to-everybody", "hunter2"), "password authentication failed", id="a wrong password"
        ),
        pytest.param(("/test_", "/nowhere_"), "does not exist", id="a missing database"),
        pytest.param(("@127.0.0.1", "@nobody.invalid"), "nobody.invalid", id="a missing server"),
        pytest.param(("127.0.0.1:", "127.0.0.1:x"), "invalid integer value", id="a port that is none"),
        pytest.param(("127.0.0.1", "[::1"), "its URL cannot be read", id="half an address"),
    ],
)
def test_a_server_that_refuses_us_is_told_without_the_password(
    postgres_database: str, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    url = postgres_database.replace(*change)
    with pytest.raises(SettingsError, match=words) as caught:
        open_database(url, home=tmp_path)
    assert caught.value.setting == "database_url"
    assert "hunter2" not in str(caught.value)
    assert "known-to-everybody" not in str(caught.value)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_connections_that_the_server_dropped_are_an_outage_that_passes(
    place: Place, database: Database
) -> None:
    with pytest.raises(Outage, match="The database does not answer") as caught, database.write() as tx:
        add_user(tx, "marta")
        with psycopg.connect(place.url, autocommit=True) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        add_user(tx, "tomas")
    assert caught.value.retry
    for _ in range(8):  # every connection of the pool may be a dead one
        try:
            with database.write() as tx:
                assert user_name(tx) == ""
                break
        except Outage:
            continue
    with database.write() as tx:
        add_user(tx, "marta")
    assert seen_by_others(database) == "marta"


@pytest.mark.parametrize("engine", ["postgresql"])
def test_of_two_writers_who_wait_for_each_other_one_is_told(inn: Inn) -> None:
    rooms = [inn.unit("room-1").id, inn.unit("room-2").id]
    gate = threading.Barrier(2)

    def lock(order: list[str]) -> str:
        try:
            with inn.database.write() as tx:
                tx.all("lock_unit", id=order[0])
                gate.wait(PATIENCE)
                tx.all("lock_unit", id=order[1])
        except Stale as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lock, [rooms, rooms[::-1]])) == ["", "Two writers were in each other's way."]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_value_that_the_server_cannot_keep_is_the_callers_mistake(inn: Inn) -> None:
    with pytest.raises(InvalidInput, match="cannot be kept"):
        inn.add("ANA\0")


def test_our_own_errors_pass_through_unchanged(database: Database) -> None:
    error = GuestLinkError("ours")
    with pytest.raises(GuestLinkError) as caught, database.write():
        raise error
    assert caught.value is error


def test_time_passes_only_where_it_is_told(inn: Inn) -> None:
    """Rows carry the instant they were given, so tests can step the clock."""
    stay = inn.add("ANA", at=AT + timedelta(days=3))
    with inn.database.read() as db:
        assert journal.load(db, f"stay:{stay.id}")[0].at == "2026-11-05T09:00:00.000Z"
    assert stay.from_on == FRIDAY
