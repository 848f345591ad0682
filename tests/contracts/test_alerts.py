"""Alerts are raised once while they are open; what got stuck is counted. On each engine."""

from datetime import timedelta

from guestlink import alerts, clock
from guestlink.alerts import KEPT, Alert, Backlog
from tests.databases import AT, Inn
from tests.stuck import fill

MINUTE = timedelta(minutes=1)
WORDS = "Nobody is on duty."


def raise_one(inn: Inn, subject: str = "towels", *, minutes: int = 0, property_id: str = "") -> bool:
    with inn.database.write() as tx:
        return alerts.raise_alert(
            tx,
            property_id=property_id,
            kind="nobody-on-duty",
            subject=subject,
            words=WORDS,
            at=AT + minutes * MINUTE,
        )


def end_one(inn: Inn, subject: str = "towels", *, at: object = AT, property_id: str = "") -> bool:
    with inn.database.write() as tx:
        return alerts.end_alert(tx, property_id=property_id, kind="nobody-on-duty", subject=subject, at=at)  # type: ignore[arg-type]


def opened(inn: Inn, property_id: str | None = None) -> list[Alert]:
    with inn.database.read() as db:
        return alerts.open_alerts(db, property_id)


def test_an_alert_is_raised_once_while_it_is_open(inn: Inn) -> None:
    assert raise_one(inn)
    assert not raise_one(inn, minutes=5)
    (alert,) = opened(inn)
    assert (alert.kind, alert.subject, alert.words, alert.raised_at) == (
        "nobody-on-duty",
        "towels",
        WORDS,
        AT,
    )
    assert end_one(inn)
    assert not end_one(inn)
    assert opened(inn) == []
    assert raise_one(inn, minutes=9)
    assert [alert.raised_at for alert in opened(inn)] == [AT + 9 * MINUTE]


def test_alerts_of_a_house_have_its_name_and_stand_in_the_order_of_raising(inn: Inn) -> None:
    raise_one(inn, "late", minutes=1, property_id=inn.house.id)
    raise_one(inn, "early", property_id=inn.house.id)
    raise_one(inn, "of no house")
    assert [(each.subject, each.slug) for each in opened(inn, inn.house.id)] == [
        ("early", "harbour-house"),
        ("late", "harbour-house"),
    ]
    assert [each.subject for each in opened(inn, "")] == ["of no house"]
    assert len(opened(inn)) == 3
    assert not end_one(inn, "early")
    assert end_one(inn, "early", property_id=inn.house.id)
    assert [each.subject for each in opened(inn, inn.house.id)] == ["late"]


def test_what_ended_long_ago_is_forgotten(inn: Inn) -> None:
    raise_one(inn, "old")
    end_one(inn, "old")
    raise_one(inn, "new")
    end_one(inn, "new", at=AT + KEPT + MINUTE)
    with inn.database.write() as tx:
        assert tx.do("forget_alerts", before=clock.as_text(AT + 2 * KEPT)) == 1


def test_nothing_is_stuck_where_nothing_came(inn: Inn) -> None:
    with inn.database.read() as db:
        assert alerts.backlog(db) == Backlog()


def test_what_is_stuck_is_counted_by_what_became_of_it(inn: Inn) -> None:
    with inn.database.write() as tx:
        fill(
            tx,
            inbox={"waiting": 2, "quarantined": 3, "done": 5},
            outbox={"waiting": 1, "sending": 2, "in_doubt": 3, "dead": 4, "sent": 5},
        )
        assert alerts.backlog(tx) == Backlog(
            inbox_waiting=2, inbox_quarantined=3, outbox_waiting=1, outbox_in_doubt=3, outbox_dead=4
        )


def test_all_of_a_kind_end_at_once_and_no_others(inn: Inn) -> None:
    raise_one(inn, "towels")
    raise_one(inn, "taxi")
    with inn.database.write() as tx:
        alerts.raise_alert(tx, kind="account-stopped", subject="number", words=WORDS, at=AT)
        assert alerts.end_all(tx, kind="nobody-on-duty", at=AT + MINUTE) == 2
    with inn.database.read() as db:
        assert [each.kind for each in alerts.open_alerts(db)] == ["account-stopped"]
