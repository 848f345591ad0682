"""What this process works with beside the site: the database, the key ring, the words. Opened at first use.

A database that is down is an Outage for whoever needs it, and nobody else's trouble: pages are served on.
"""

import threading
import time
from pathlib import Path
from typing import Final

from guestlink.crypto import KeyRing, read_keys
from guestlink.database import Database, open_database
from guestlink.errors import ContentError, Outage, SettingsError
from guestlink.language import Catalogue, load_catalogue
from guestlink.settings import Settings

PAUSE: Final = 2.0  # seconds after a failure in which nobody waits for the next one
Mark = tuple[int, int, int]


class KeyFile:
    """The key ring's file, read again when it changes: a rotation needs no restart."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = self._mark()
        self._ring = read_keys(file)
        self._lock = threading.Lock()

    @property
    def ring(self) -> KeyRing:
        """The newest ring that could be read; SettingsError once when the file is broken."""
        with self._lock:
            if (mark := self._mark()) != self._seen:
                self._seen = mark
                self._ring = read_keys(self._file)
            return self._ring

    @property
    def last_ring(self) -> KeyRing:
        """The ring that was read last, whatever lies there now."""
        return self._ring

    def _mark(self) -> Mark:
        try:
            found = self._file.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)


class Holdings:
    """One deployment's database and keys, shared by all routes and threads."""

    def __init__(self, settings: Settings, key_ring: KeyRing | None = None) -> None:
        self._settings = settings
        self._given = key_ring
        self._keys: KeyFile | None = None
        self._database: Database | None = None
        self._lock = threading.Lock()
        self._failed_at = -PAUSE

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def ring(self) -> KeyRing:
        if self._given:
            return self._given
        self._keys = self._keys or KeyFile(self._settings.keys_file)
        try:
            return self._keys.ring
        except SettingsError:
            return self._keys.last_ring

    @property
    def database(self) -> Database:
        """The open database; Outage when it cannot be opened now."""
        with self._lock:
            if self._database is None:
                self._database = self._opened()
            return self._database

    def words(self, language: str) -> Catalogue:
        """The sentences of the interface in a guest's language."""
        try:
            return load_catalogue(self._settings.theme_folder / "locale", language)
        except ContentError:  # guests are answered in English rather than not at all
            return Catalogue("en", {}, plural_form=int)

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _opened(self) -> Database:
        if time.monotonic() - self._failed_at < PAUSE:
            raise Outage("The database does not answer.", retry_after=PAUSE)
        url = self._settings.database_url
        try:
            if url.startswith("sqlite") and not self._settings.path(url.removeprefix("sqlite:///")).exists():
                raise Outage("There is no database yet.", hint="Run `publish.py init`.")
            return open_database(url, home=Path(self._settings.home))
        except (Outage, SettingsError):
            self._failed_at = time.monotonic()
            raise Outage("The database does not answer.") from None
