"""What is said on WhatsApp and by e-mail: its shapes, and the lengths that Meta allows. Pure.

Lengths and counts: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages. A link
is named here by whose it is and built at the moment of sending; a code never stands in a message.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from guestlink import reach

LONGEST_TEXT: Final = 4096
LONGEST_BODY: Final = 1024
LONGEST_BUTTON: Final = 20
LONGEST_ROW: Final = 24
LONGEST_ROW_TEXT: Final = 72
LONGEST_HEADER: Final = 60
MOST_BUTTONS: Final = 3
MOST_ROWS: Final = 10
LONGEST_SUBJECT: Final = 150
TEMPLATE_PARAMETER: Final = 512  # our own limit; Meta limits the whole body to 1024

MAIL: Final = reach.MAIL  # the number_id of conversations by e-mail
Media = Literal["image", "audio", "video", "document", "sticker"]
Category = Literal["utility", "authentication", "marketing", "service", "email"]


class GuestLinkOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose link goes where the message has a place for one; `anchor` is a section of the page."""

    link_id: str
    anchor: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A button or a row; `payload` comes back when it is tapped."""

    payload: str
    title: str
    text: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a list below one heading."""

    title: str = ""
    rows: tuple[Choice, ...]


# -- what we say -----------------------------------------------------------------------------------
class Template(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="template"):
    """An approved template; `values` fill its body in order, `payloads` come back from its quick replies,
    `link` fills the variable of its link button. `code` names a code to sign in, whose digits are its only
    value at the moment of sending and never before.
    """

    name: str
    language: str
    values: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    link: GuestLinkOf | None = None
    code: str = ""


class Text(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """`template` is what says the same outside the customer service window; without it nothing does."""

    text: str
    template: Template | None = None


class Buttons(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="buttons"):
    """Up to three reply buttons."""

    text: str
    buttons: tuple[Choice, ...]
    footer: str = ""
    template: Template | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="list"):
    """A list of up to ten rows behind one button."""

    text: str
    button: str
    groups: tuple[Group, ...]
    footer: str = ""
    template: Template | None = None


class LinkButton(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="link"):
    """A button that opens the guest's page."""

    text: str
    label: str
    link: GuestLinkOf
    footer: str = ""
    template: Template | None = None


class File(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """A file of the private media root; `path` is its key there."""

    media: Media
    path: str
    media_type: str
    name: str = ""
    text: str = ""
    template: Template | None = None


class Reaction(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="reaction"):
    """A reaction to a message of theirs; an empty `emoji` takes it back."""

    emoji: str
    answers: str  # the wamid


class Letter(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="letter"):
    """An e-mail, without its frame: `html` is a fragment that says the same as `text`, `greeting` a line
    above it, `button` the words on the link to the guest's page. A letter to staff has no unsubscribing.
    """

    subject: str
    text: str
    html: str = ""
    language: str = ""
    property_id: str = ""
    greeting: str = ""
    button: str = ""
    link: GuestLinkOf | None = None
    is_to_staff: bool = False


Outgoing = Text | Buttons | Options | LinkButton | File | Template | Reaction | Letter


# -- what we hear ----------------------------------------------------------------------------------
class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes: a phone, a business-scoped user id (BSUID), or both; and the name they gave themselves. By
    e-mail, the address.
    """

    wa_id: str = ""
    user_id: str = ""
    name: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Sender(hidden)"


class MediaRef(msgspec.Struct, frozen=True, kw_only=True):
    """A file at Meta: to be fetched by id, from the Graph host only, within seven days."""

    id: str
    media: Media
    media_type: str = ""
    sha256: str = ""
    name: str = ""
    is_voice: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


AFTERTHOUGHTS: Final = frozenset({"edit", "revoke"})  # of a message that was there before
ASIDES: Final = AFTERTHOUGHTS | {"reaction"}


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="message"):
    """One message. `kind` is Meta's type; what has none of the fields below is archived as `unsupported`.

    `choice` is the payload of a tapped button or row; `answers` the wamid that is replied to, reacted to,
    edited or deleted.
    """

    wamid: str
    number_id: str
    sender: Sender
    at: datetime
    kind: str
    text: str = ""
    choice: str = ""
    answers: str = ""
    media: MediaRef | None = None
    place: Place | None = None

    def __repr__(self) -> str:
        return f"Heard({self.kind}, hidden)"


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="status"):
    """What became of a message of ours. `callback` is the id that we sent along; `code` is of a failure."""

    wamid: str
    number_id: str
    status: Literal["sent", "delivered", "read", "played", "failed"]
    at: datetime
    callback: str = ""
    code: int = 0
    category: str = ""
    billable: bool | None = None
    recipient: Sender = Sender()


class NumberChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="number-changed"):
    """Somebody has another phone number or identity now; `new` is who they are from now on."""

    wamid: str
    number_id: str
    sender: Sender
    new: Sender
    at: datetime
    is_new_identity: bool = False


class PreferenceChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="preference"):
    """`user_preferences`: stop or resume marketing messages."""

    number_id: str
    sender: Sender
    wants: Literal["stop", "resume"]
    at: datetime


class TemplateChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="template-status"):
    meta_id: str
    name: str
    language: str
    state: str  # APPROVED, REJECTED, PAUSED, DISABLED, PENDING …
    reason: str = ""


class AccountChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="account"):
    """Whatever else Meta tells about account or number, in its words: an alert for the host."""

    field: str
    what: str
    number_id: str = ""


Incoming = Heard | Receipt | NumberChanged | PreferenceChanged | TemplateChanged | AccountChanged


# -- lengths ---------------------------------------------------------------------------------------
def shortened(text: str, most: int) -> str:
    """At most so many characters, cut at a word where there is one near, with an ellipsis."""
    text = text.strip()
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    at_word = kept.rpartition(" ")[0]
    return (at_word if len(at_word) > most * 2 // 3 else kept).rstrip(" ,;:.-–—") + "…"


def fitted(said: Outgoing) -> Outgoing:
    """The same within Meta's lengths and counts: what is too long ends with an ellipsis."""
    change = msgspec.structs.replace
    match said:
        case Text(text=text):
            return change(said, text=shortened(text, LONGEST_TEXT))
        case Buttons(text=text, buttons=buttons, footer=footer):
            kept = tuple(
                change(each, title=shortened(each.title, LONGEST_BUTTON)) for each in buttons[:MOST_BUTTONS]
            )
            return change(
                said,
                text=shortened(text, LONGEST_BODY),
                buttons=kept,
                footer=shortened(footer, LONGEST_HEADER),
            )
        case Options():
            return _fitted_list(said)
        case LinkButton(text=text, label=label, footer=footer):
            return change(
                said,
                text=shortened(text, LONGEST_BODY),
                label=shortened(label, LONGEST_BUTTON),
                footer=shortened(footer, LONGEST_HEADER),
            )
        case File(text=text):
            return change(said, text=shortened(text, LONGEST_BODY))
        case Template(values=values):
            return change(said, values=tuple(_parameter(value) for value in values))
        case Letter(subject=subject):
            return change(said, subject=shortened(" ".join(subject.split()), LONGEST_SUBJECT))
    return said


def _fitted_list(said: Options) -> Options:
    change, left, groups = msgspec.structs.replace, MOST_ROWS, []
    for group in said.groups:
        rows = tuple(
            change(row, title=shortened(row.title, LONGEST_ROW), text=shortened(row.text, LONGEST_ROW_TEXT))
            for row in group.rows[:left]
        )
        left -= len(rows)
        if rows:
            groups.append(change(group, title=shortened(group.title, LONGEST_ROW), rows=rows))
    return change(
        said,
        text=shortened(said.text, LONGEST_BODY),
        button=shortened(said.button, LONGEST_BUTTON),
        footer=shortened(said.footer, LONGEST_HEADER),
        groups=tuple(groups),
    )


def _parameter(text: str) -> str:
    """A template's parameter: no line ends, no runs of spaces (132018), never empty."""
    return shortened(" ".join(text.split()), TEMPLATE_PARAMETER) or "–"
