"""What both databases promise: one transaction is one truth, and of two who are too fast one is told."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from guestlink import clock, journal, records
from guestlink import database as module
from guestlink.database import Database, Reading, SQLite, Writing, open_database
from guestlink.errors import GuestLinkError, InvalidInput, Outage, Refused, SettingsError, Stale
from tests.databases import AT, FRIDAY, Inn, Place, furnish

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


def names(database: Database) -> list[str]:
    """The names of the users one, two and three, empty for those who are not there."""
    with database.read() as db:
        found = [db.one("user_by_id", id=key) for key in ("one", "two", "three")]
    return [bytes(row["name"]).decode() if row else "" for row in found]


def drop_connections(place: Place) -> None:
    with psycopg.connect(place.url, autocommit=True) as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


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
    def write() -> None:
        with database.write() as tx:
            add_user(tx, "marta")
            raise error("half way")

    with pytest.raises(error, match="half way"):
        write()
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
    def read() -> None:
        with database.read() as db:
            raise ValueError(user_name(db) + "half way")

    with pytest.raises(ValueError, match="half way"):
        read()
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


@pytest.mark.parametrize("engine", ["sqlite"])
def test_threads_that_come_and_go_leave_no_connections_behind(database: Database) -> None:
    assert isinstance(database, SQLite)
    for _ in range(10):
        assert seen_by_others(database) == ""
    assert len(database._opened) == 2  # the writer, and one reader at a time


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


# -- attempts ---------------------------------------------------------------------------------------
def refused_attempt(tx: Writing, error: BaseException) -> None:
    with tx.attempt():
        add_user(tx, "tomas", key="two")
        raise error


def add_two(tx: Writing, name: str, *, keys: tuple[str, str]) -> None:
    """An attempt around two attempts."""
    with tx.attempt():
        for key in keys:
            with tx.attempt():
                add_user(tx, name, key=key)


def test_an_attempt_that_fails_takes_back_only_what_it_did(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta", key="one")
        with pytest.raises(Refused, match="no") as caught:
            refused_attempt(tx, error := Refused("no"))
        assert caught.value is error
        with tx.attempt():
            add_user(tx, "yuki", key="two")
        add_user(tx, "sol", key="three")
    assert names(database) == ["marta", "yuki", "sol"]


def test_an_attempt_that_was_too_slow_is_told_in_our_words_and_the_rest_goes_on(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta", key="one")
        with pytest.raises(Stale, match="Somebody changed the same record"):
            add_two(tx, "tomas", keys=("two", "one"))
        add_user(tx, "sol", key="three")
    assert names(database) == ["marta", "", "sol"]


def test_attempts_nest(database: Database) -> None:
    with database.write() as tx:
        with tx.attempt():
            add_user(tx, "marta", key="one")
            with pytest.raises(Refused):
                refused_attempt(tx, Refused("no"))
            with tx.attempt():
                add_user(tx, "yuki", key="two")
        with pytest.raises(Stale):
            add_two(tx, "sol", keys=("three", "one"))
    assert names(database) == ["marta", "yuki", ""]


def test_an_attempt_whose_error_nobody_catches_takes_everything_back(database: Database) -> None:
    def write() -> None:
        with database.write() as tx:
            add_user(tx, "marta", key="one")
            refused_attempt(tx, KeyboardInterrupt("now"))

    with pytest.raises(KeyboardInterrupt, match="now"):
        write()
    assert names(database) == ["", "", ""]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_transaction_that_sqlite_gave_up_writes_nothing_more_alone(database: Database) -> None:
    """As a full disk does; what follows would be committed statement by statement."""

    def go_on(tx: Writing) -> None:
        assert isinstance(database, SQLite)
        add_user(tx, "marta", key="one")
        database._writer.execute("rollback")
        with pytest.raises(Outage, match="rolled back"):
            add_user(tx, "tomas", key="two")
        with pytest.raises(Outage, match="rolled back"), tx.attempt():
            add_user(tx, "sol", key="three")

    with pytest.raises(Outage), database.write() as tx:
        go_on(tx)
    assert names(database) == ["", "", ""]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_mistake_that_was_hidden_is_not_committed_as_if_nothing_had_happened(database: Database) -> None:
    """The server answers COMMIT of a failed transaction with a rollback; the driver calls that success."""

    def hide(tx: Writing) -> None:
        add_user(tx, "marta", key="one")
        with pytest.raises(psycopg.errors.UniqueViolation):
            add_user(tx, "marta", key="one")

    with pytest.raises(Stale, match="A part of the change failed"), database.write() as tx:
        hide(tx)
    assert names(database) == ["", "", ""]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_lost_connection_that_was_hidden_is_no_commit(place: Place, database: Database) -> None:
    def hide(tx: Writing) -> None:
        add_user(tx, "marta", key="one")
        drop_connections(place)
        with pytest.raises(psycopg.OperationalError):
            add_user(tx, "tomas", key="two")

    with pytest.raises(Outage), database.write() as tx:
        hide(tx)
    assert names(place.open()) == ["", "", ""]


# -- somebody was faster ----------------------------------------------------------------------------
def test_what_exists_already_is_stale_and_leaves_nothing_behind(database: Database) -> None:
    with database.write() as tx:
        add_user(tx, "marta", key="one")

    def write() -> None:
        with database.write() as tx:
            add_user(tx, "tomas", key="two")
            add_user(tx, "tomas", key="one")

    with pytest.raises(Stale, match="Somebody changed the same record"):
        write()
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


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_unit_that_is_run_inside_a_write_is_an_outage_and_no_standstill(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    with database.write() as tx:
        add_user(tx, "marta")
        with pytest.raises(Outage, match="takes too long"):
            database.run(user_name)
    assert seen_by_others(database) == "marta"


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
    def write() -> None:
        with database.write() as tx:
            add_user(tx, "marta")
            drop_connections(place)
            add_user(tx, "tomas")

    with pytest.raises(Outage, match="The database does not answer") as caught:
        write()
    assert caught.value.retry
    with database.write() as tx:
        assert user_name(tx) == ""
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


def test_a_file_that_was_replaced_takes_no_more_writes(tmp_path: Path) -> None:
    database = open_database("sqlite:///guestlink.db", home=tmp_path)
    file = tmp_path / "guestlink.db"
    shutil.copy(file, tmp_path / "backup.db")
    (tmp_path / "backup.db").replace(file)
    with pytest.raises(Outage, match="was replaced"), database.write():
        pass
    with pytest.raises(Outage, match="was replaced"), database.read():
        pass
    database.close()
    with open_database("sqlite:///guestlink.db", home=tmp_path).read() as db:
        assert db.one("schema_version")
