"""Stays that lie in no database, for tests of what is pure."""

from datetime import date
from typing import Any

from guestlink.records import Property, Stay

HOUSE = Property(
    id="house",
    slug="harbour-house",
    zone="Europe/London",
    currency="GBP",
    default_language="en",
    check_in="15:00",
    check_out="11:00",
    changes=0,
)


def stay_over(arrives: str, leaves: str, **fields: Any) -> Stay:
    """Ana's stay in Harbour House."""
    plain: dict[str, Any] = {"status": "confirmed", "adults": 1, "children": 0, "pets": 0, "party_id": None}
    plain |= {"source": "desk", "source_uid": "ANA", "reference": "ANA", "code": "AAAAAA", "language": "en"}
    plain |= {"expected_arrival": "", "amount": None, "check_in": "", "check_out": "", "ready_at": None}
    plain |= {"imported": "", "version": 1}
    dates = {"from_on": date.fromisoformat(arrives), "until_on": date.fromisoformat(leaves)}
    return Stay(id="ana", property_id=HOUSE.id, **{**plain, **dates, **fields})
