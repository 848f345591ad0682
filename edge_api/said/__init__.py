"""What people of the house write -> what is meant by it: a new code, or which rooms are ready. Pure."""

from edge_api.said.new_codes import NewCode, Overheard, likely, overheard
from edge_api.said.places import House, Place, house_of
from edge_api.said.readiness import AskedForRooms, Ready, ready_in

__all__ = [
    "AskedForRooms",
    "House",
    "NewCode",
    "Overheard",
    "Place",
    "Ready",
    "house_of",
    "likely",
    "overheard",
    "ready_in",
]
