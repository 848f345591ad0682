"""Until when a request wants an answer, by the files of its house. It changes nothing."""

from datetime import datetime

from edge_api import escalation, streams
from edge_api.board import Stored
from guestlink import catalogue
from guestlink.database import Reading
from guestlink.records import Property


def due_at(db: Reading, house: Property, stored: Stored) -> datetime | None:
    """When its answer is overdue; None for what has one and somebody who does it. Opened again, it has as
    much time as before.
    """
    state = streams.state_for_house(db, stored)
    if state != "requested":
        return None
    row = db.one("escalation_of", request_id=stored.id)
    case = escalation.case_of(
        str(row["told"]) if row else "",
        request_id=stored.id,
        urgent=bool(stored.urgent),
        asked_at=stored.asked_at,
        guest_told_at=None,
        rounds=0,
        state=state,
    )
    rules = escalation.rules_of(catalogue.last_content(db, house))
    return escalation.overdue_at(case, rules, zone=house.zone)
