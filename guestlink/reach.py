"""By which channels a guest may be written to, and in plain words why not by the others. It sends nothing.

The order of channels is the host's; a source that forbids to lead its guests elsewhere leaves the print list.
"""

from collections.abc import Collection
from typing import Final, Literal, get_args

import msgspec

from guestlink.contacts import Person, dialled
from guestlink.database import Reading, Row
from guestlink.language import N_

Channel = Literal["whatsapp", "email", "print"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
MAIL: Final = "mail"  # what a conversation by e-mail has in the place of a number

NO_WHATSAPP: Final = N_("WhatsApp is not set up.")
NO_MAIL: Final = N_("E-mail is not set up.")
NO_NUMBER: Final = N_("No WhatsApp number of the guest is known.")
NO_ADDRESS: Final = N_("No e-mail address of the guest is known.")
NOT_AGREED: Final = N_("The guest has not agreed to WhatsApp messages.")
STOPPED: Final = N_("The guest wants no messages by this channel.")
NOT_THERE: Final = N_("The guest’s number is not on WhatsApp.")
NO_MAILBOX: Final = N_("Nobody has the guest’s e-mail address.")
FORBIDDEN: Final = N_("The booking source does not allow messages outside it.")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What decides how somebody may be written to; `stopped` are channels that they do not want, by `dead`
    ones nothing arrives.
    """

    has_number: bool
    has_email: bool
    opted_in: bool
    stopped: frozenset[Channel] = frozenset()
    dead: frozenset[Channel] = frozenset()


def known(db: Reading, person: Person, *, contact_id: str, opted_in: bool) -> Known:
    """Of a contact whose words are open."""
    rows = db.all("silenced_numbers", contact_id=contact_id)
    return Known(
        has_number=bool(person.wa_id or person.bsuid or dialled(person.phone)),
        has_email="@" in person.email,
        opted_in=opted_in,
        stopped=frozenset(_channel(row) for row in rows if row["opted_out_at"]),
        dead=frozenset(_channel(row) for row in rows if row["unreachable_at"]),
    )


def _channel(row: Row) -> Channel:
    return "email" if row["number_id"] == MAIL else "whatsapp"


def obstacle(
    channel: Channel, guest: Known, *, source: str, off_platform: Collection[str], speaks: Collection[Channel]
) -> str:
    """Why a guest cannot be written to by a channel; empty when they can. `speaks` are the channels that are
    set up; paper always is.
    """
    if channel == "print":
        return ""
    if source in off_platform:
        return FORBIDDEN
    if channel in guest.stopped:
        return STOPPED
    if channel == "whatsapp":
        if channel not in speaks:
            return NO_WHATSAPP
        if not guest.has_number:
            return NO_NUMBER
        return NOT_THERE if channel in guest.dead else "" if guest.opted_in else NOT_AGREED
    if channel not in speaks:
        return NO_MAIL
    if not guest.has_email:
        return NO_ADDRESS
    return NO_MAILBOX if channel in guest.dead else ""
