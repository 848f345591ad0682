"""Guests who write on WhatsApp to the house of a browser test, and what becomes of what it writes back.

Messages come in as the reception takes them from the inbox; nothing is sent anywhere.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from edge_api import correspondence, outbox, phrases, reception
from edge_api.correspondence import Conversation
from edge_api.holdings import Holdings
from edge_api.messages import Heard, MediaRef, Receipt, Sender
from guestlink import clock
from guestlink.database import Reading
from guestlink.settings import Settings
from guestlink.storage import open_storage
from tests.house import opened

NUMBER: Final = "100000000000001"
DAY: Final = timedelta(days=1)
SENT: Final = {"route": "free-form", "category": "service", "price": None, "currency": ""}


class Writer:
    """Somebody with a phone; `says` is a message of theirs."""

    def __init__(self, settings: Settings, phone: str, name: str, *, number: str = NUMBER) -> None:
        self._settings, self._number = settings, number
        self._sender = Sender(wa_id=phone.lstrip("+").replace(" ", ""), name=name)
        self._voice = phrases.voice_of(Holdings(settings))

    def says(self, text: str = "", *, kind: str = "text", at: datetime | None = None, **fields: Any) -> str:
        """The message's id."""
        now = at or clock.now()
        told = {"wamid": f"wamid.{clock.new_id()}", "number_id": self._number, "kind": kind, "text": text}
        heard = Heard(sender=self._sender, at=now, **{**told, **fields})
        database, _ = opened(self._settings)
        with database.write() as tx:
            reception.hear(tx, self._voice, heard, at=now)
            row = correspondence.message_of(tx, self._voice.ring, heard.wamid)
        database.close()
        assert row
        return str(row["id"])

    def sends(self, body: bytes, media_type: str, *, kind: str, name: str = "", **fields: Any) -> str:
        """A file, fetched and kept as the archive does it."""
        media = MediaRef(id="900", media=kind, media_type=media_type, name=name, **fields)  # type: ignore[arg-type]
        message_id = self.says(kind=kind, media=media)
        database, ring = opened(self._settings)
        storage = open_storage(self._settings.media_url, home=Path(self._settings.home))
        path = f"media/{message_id}"
        with database.write() as tx:
            talk = self._talk(tx)
            key = ring.column_key(talk.wrapped, talk.contact_id)
            storage.put(path, key.seal_bytes(body, "media", "body", row=message_id))
            kept = {"state": "kept", "path": path, "size": len(body), "media_type": media_type}
            tx.do("record_media", message_id=message_id, attempts=1, not_before="", reason="", **kept)
        database.close()
        return message_id

    @property
    def talk(self) -> str:
        database, _ = opened(self._settings)
        with database.read() as db:
            found = self._talk(db).id
        database.close()
        return found

    def wrote_long_ago(self) -> None:
        """The customer service window is closed."""
        database, _ = opened(self._settings)
        with database.write() as tx:
            correspondence.mark(tx, self._talk(tx), heard_at=clock.now() - 2 * DAY)
        database.close()

    # -- what becomes of the newest message of the house ---------------------------------------------------
    def gets(self, status: str, *, route: str = "free-form") -> None:
        """It left, and WhatsApp tells what became of it: sent, delivered, read."""
        database, ring = opened(self._settings)
        now = clock.now()
        with database.write() as tx:
            talk = self._talk(tx)
            newest = correspondence.newest(tx, ring, talk.id)
            assert newest
            assert newest.direction == "out"
            if newest.state == "waiting":
                tx.do_many("intend_to_send", [{"id": newest.id, "leased_until": "", **SENT, "route": route}])
                ended = {"state": "sent", "not_before": "", "route": route, "code": 0, "reason": ""}
                tx.do("end_sending", id=newest.id, attempts=1, at=clock.as_text(now), **ended)
                correspondence.learn_wamid(tx, ring, talk, message_id=newest.id, wamid=f"wamid.{newest.id}")
            told = {"wamid": f"wamid.{newest.id}", "number_id": self._number, "recipient": self._sender}
            reception.hear(tx, self._voice, Receipt(status=status, at=now, **told), at=now)  # type: ignore[arg-type]
        database.close()

    def misses(self, reason: str = outbox.TOO_LATE) -> None:
        """It could not be sent."""
        database, ring = opened(self._settings)
        with database.write() as tx:
            newest = correspondence.newest(tx, ring, self._talk(tx).id)
            assert newest
            tx.do("bury_message", id=newest.id, code=0, reason=reason, at=clock.as_text(clock.now()))
        database.close()

    def _talk(self, db: Reading) -> Conversation:
        found = correspondence.find(db, self._voice.ring, self._sender, number_id=self._number)
        assert found
        return found


def approve(settings: Settings, name: str, *languages: str) -> None:
    """Meta has approved a message template."""
    database, _ = opened(settings)
    at = clock.as_text(clock.now())
    with database.write() as tx:
        for language in languages:
            of = {"name": name, "language": language, "at": at}
            tx.do("begin_template", category="UTILITY", **of)
            tx.do("set_template_state", state="APPROVED", reason="", meta_id="1", **of)
    database.close()
