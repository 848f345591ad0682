"""Pictures, voice, videos and papers: what may be uploaded, how long ids and addresses live.

Source: Meta, Cloud API, Media: types and sizes; 30 days an upload, 7 what people send, 5 minutes an address.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass

from edge_api.sandbox.refusals import Json, Refusal, no_such_object

MEGABYTE = 1024 * 1024
DAY = 24 * 3600
UPLOADED_LIVES, RECEIVED_LIVES, ADDRESS_LIVES = 30 * DAY, 7 * DAY, 300
OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES: dict[str, tuple[int, tuple[str, ...]]] = {
    "image": (5 * MEGABYTE, ("image/jpeg", "image/png")),
    "audio": (16 * MEGABYTE, ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")),
    "video": (16 * MEGABYTE, ("video/mp4", "video/3gpp")),
    "sticker": (500 * 1024, ("image/webp",)),
    "document": (
        100 * MEGABYTE,
        (
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            OFFICE + "wordprocessingml.document",
            OFFICE + "spreadsheetml.sheet",
            OFFICE + "presentationml.presentation",
        ),
    ),
}


@dataclass
class Medium:
    """One file, whoever sent it."""

    id: str
    number_id: str
    mime_type: str
    body: bytes
    filename: str
    expires: float
    uploaded: bool
    sha256: str = ""

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.body).hexdigest()


def kind_of(mime_type: str) -> str | None:
    """image, audio, video, sticker or document; nothing when no kind takes this type."""
    bare = mime_type.partition(";")[0].strip().lower()
    return next((kind for kind, (_, types) in TYPES.items() if bare in types), None)


class MediaShelf:
    """All media of the sandbox, and the addresses that were given out for them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.media: dict[str, Medium] = {}
        self._addresses: dict[str, tuple[str, float]] = {}

    def upload(self, number_id: str, mime_type: str, body: bytes, *, filename: str, at: float) -> Medium:
        """Keeps what the business uploads. Raises Refusal for a type or size that Meta does not take."""
        kind = kind_of(mime_type)
        if kind is None:
            known = ", ".join(mime for _, types in TYPES.values() for mime in types)
            told = f"Param file must be a file with one of the following types: {known}. "
            told += f"Received file of type '{mime_type}'."
            raise Refusal(100, told, message=f"(#100) {told}")
        self.check_size(kind, len(body))
        until = at + UPLOADED_LIVES
        return self._keep(lambda new: Medium(new, number_id, mime_type, body, filename, until, uploaded=True))

    def receive(self, number_id: str, mime_type: str, body: bytes, *, filename: str, at: float) -> Medium:
        """Keeps what a person sends."""
        until = at + RECEIVED_LIVES
        return self._keep(
            lambda new: Medium(new, number_id, mime_type, body, filename, until, uploaded=False)
        )

    @staticmethod
    def check_size(kind: str, size: int) -> None:
        if size > TYPES[kind][0]:
            raise Refusal(131053, f"The {kind} has {size} bytes; at most {TYPES[kind][0]} are allowed.")
        if not size:
            raise Refusal(100, "The file is empty.")

    def find(self, media_id: str, at: float) -> Medium:
        found = self.media.get(media_id)
        if found is None or found.expires <= at:
            raise no_such_object("get", media_id)
        return found

    def check_sendable(self, kind: str, media_id: str, at: float) -> Medium:
        """The uploaded medium behind an id in a message. Raises Refusal."""
        found = self.media.get(media_id)
        if found is None or found.expires <= at:
            raise Refusal(131009, f"Media id {media_id} does not exist or has expired.")
        takes = TYPES[kind]
        bare = found.mime_type.partition(";")[0].strip().lower()
        if bare not in takes[1] and kind != "document":
            raise Refusal(131053, f"Media of type {bare} cannot be sent as {kind}.")
        self.check_size(kind, len(found.body))
        return found

    def address(self, medium: Medium, origin: str, at: float) -> Json:
        """Where it can be fetched for five minutes, by whoever also holds an access token."""
        ticket = self._chance.randbytes(12).hex()
        self._addresses[ticket] = (medium.id, at + ADDRESS_LIVES)
        return {
            "url": f"{origin}/media/{medium.id}?ticket={ticket}",
            "mime_type": medium.mime_type,
            "sha256": medium.sha256,
            "file_size": len(medium.body),
            "id": medium.id,
            "messaging_product": "whatsapp",
        }

    def fetch(self, media_id: str, ticket: str, at: float) -> Medium | None:
        """The file behind an address that is still good."""
        named, until = self._addresses.get(ticket, ("", 0.0))
        return self.media.get(media_id) if named == media_id and at < until else None

    def _keep(self, make: Callable[[str], Medium]) -> Medium:
        medium = make(str(self._chance.randrange(10**15, 10**16)))
        self.media[medium.id] = medium
        return medium
