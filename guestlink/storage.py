"""Where objects lie: a folder or an S3 bucket, chosen by URL, with one behaviour.

It knows bytes, paths, types and entity tags; it never knows what a page is or whether one may be read.
"""

import ctypes
import errno
import hashlib
import importlib
import mimetypes
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from guestlink import clock
from guestlink.errors import InvalidInput, NotFound, Outage, SettingsError, Stale

if TYPE_CHECKING:
    import obstore

ALWAYS_ASK = "max-age=0, s-maxage=60, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"
NO_BUCKET = "NoSuchBucket"
ROLE_ADDRESS = "/latest/api/token"  # where an instance asks for the keys of its role
LOST_FOLDERS = 10
TEXT_TYPES = (
    "text/",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
)

DRAFTS = ".drafts"
DRAFT_SECONDS = 3600
FEW = 8  # files and folders that are synced one by one; more cost more than the whole file system


class Stored(msgspec.Struct, frozen=True):
    """One object as it lies there. `etag` is opaque: equal tags of one storage mean equal bytes."""

    path: str
    etag: str
    size: int
    body: bytes = b""


class Storage(Protocol):
    """What both twins can do. Every operation is idempotent.

    `expected` of a put: None overwrites whatever is there, "" demands that nothing is there, an etag demands
    that just this object is there; otherwise Stale. A storage that cannot check says so by `conditional`.
    `settle` returns when all that was put or deleted before survives a power cut. It is called once for
    `chunk` puts or deletes; what a crash repeats is at most three of them. `at_once` is how many puts a
    publisher should have under way: 1 where threads only wait for each other.
    """

    @property
    def conditional(self) -> bool: ...
    @property
    def chunk(self) -> int: ...
    @property
    def at_once(self) -> int: ...
    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str: ...
    def get(self, path: str) -> Stored: ...
    def delete(self, path: str) -> None: ...
    def list(self, prefix: str = "") -> Iterator[Stored]: ...
    def settle(self) -> None: ...


def content_type(path: str) -> str:
    """The media type by path; gates have no ending and are HTML."""
    name = path.rpartition("/")[2]
    kind = mimetypes.types_map.get("." + name.rpartition(".")[2]) if "." in name else "text/html"
    known = {"js": "text/javascript", "webp": "image/webp", "avif": "image/avif", "woff2": "font/woff2"}
    found = known.get(name.rpartition(".")[2]) or kind or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith(TEXT_TYPES) else found


def cache_control(path: str) -> str:
    """Assets have hashed names and never change; everything else is asked for again (DESIGN.md, 3a)."""
    return IMMUTABLE if path.startswith("assets/") else ALWAYS_ASK


def open_storage(url: str, *, home: Path) -> Storage:
    """`file:data/site` or `s3://bucket/prefix?region=…&endpoint=…`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(home / (parts.netloc + parts.path))
    return S3(url)


def checked(path: str) -> str:
    """A path that stays below its root, or InvalidInput. A name with a dot in front is a draft or a lock."""
    pieces = path.split("/")
    if not path.isprintable() or "\\" in path or {"", ".", ".."} & {*pieces} or pieces[-1].startswith("."):
        raise InvalidInput(f"{path!r} is not a path of an object.")
    return path


class Folder:
    """A local folder. Readers see the whole old or the whole new file, never a part.

    Few changes are settled by a sync of each file, after it got its name, and then of the folders whose
    entries changed: what POSIX asks for, and on ext4, XFS and btrfs the first sync has done most of it. Until
    then a power cut may leave an empty file under the name; its row says `planned`, so it is put anew.
    """

    conditional = True
    chunk = 256  # a sync costs as much as many small files
    at_once = 1

    def __init__(self, root: Path) -> None:
        self.root = root
        self._at = str(root)  # paths are text here: a Path costs as much as a small file
        self._lock = threading.Lock()
        self._changed: dict[str, None] = {}  # since the last settle, no more than are told apart
        self._look_at = 0.0  # for old drafts, next time

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        file = f"{self._at}/{checked(path)}"
        etag = body_tag(body)
        draft = f"{self._at}/{DRAFTS}/{os.getpid()}.{threading.get_ident()}"
        try:
            _write(draft, body)
            with self._lock:
                if expected is not None and self._tag(file) not in {expected, etag}:
                    raise Stale(f"{path} was changed by another publisher.")
                folders = _move(draft, file)
                self._note(file, *folders)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(draft)
            if isinstance(error, OSError):
                raise _cannot_write(self.root, error) from None
            raise
        return etag

    def _note(self, *changed: str) -> None:
        if len(self._changed) <= FEW:
            self._changed.update(dict.fromkeys(changed))

    def settle(self) -> None:
        """Outage when the disk did not take it, which only the next sync of a file tells."""
        with self._lock:
            changed, self._changed = self._changed, {}
        try:
            if len(changed) > FEW:
                _sync_all(self._at)
            else:
                for path in changed:
                    _sync(path)
        except OSError as error:
            raise _cannot_write(self.root, error) from None

    def drop_drafts(self) -> None:
        """Removes what puts that were killed left behind; it looks no oftener than they grow old."""
        now = clock.now().timestamp()
        if now < self._look_at:
            return
        self._look_at, oldest = now + DRAFT_SECONDS, now - DRAFT_SECONDS
        with suppress(FileNotFoundError), os.scandir(f"{self._at}/{DRAFTS}") as drafts:
            for draft in drafts:
                with suppress(OSError):
                    if draft.stat().st_mtime < oldest:
                        os.unlink(draft)

    @staticmethod
    def _tag(file: str) -> str:
        try:
            with open(file, "rb", buffering=0) as old:
                return body_tag(old.read())
        except FileNotFoundError:
            return ""

    def get(self, path: str) -> Stored:
        try:
            body = (self.root / checked(path)).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound(f"There is no object {path}.") from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise NotFound(f"There is no object {path[:40]}….") from None
            raise Outage(f"{path} cannot be read: {error.strerror}.") from None
        return Stored(path, body_tag(body), len(body), body)

    def delete(self, path: str) -> None:
        file = f"{self._at}/{checked(path)}"
        try:
            os.unlink(file)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return
        except OSError as error:
            raise _cannot_write(self.root, error) from None
        folders = _folders(file, self._at)
        with suppress(OSError):  # a folder that is not empty stays
            for folder in folders[:-1]:
                os.rmdir(folder)
        with self._lock:
            self._note(*folders)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        for folder, names, files in os.walk(self.root):
            names.sort()
            for name in sorted(files):
                file = Path(folder, name)
                path = file.relative_to(self.root).as_posix()
                if path.startswith(prefix) and not name.startswith("."):
                    try:
                        body = file.read_bytes()
                    except FileNotFoundError:  # deleted meanwhile
                        continue
                    yield Stored(path, body_tag(body), len(body))


def _write(draft: str, body: bytes) -> None:
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(draft), exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        left = memoryview(body)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)


def _move(draft: str, file: str) -> Sequence[str]:
    """Puts a file in its place; a delete beside us may take the folder away in the moment before. Returns the
    folders whose entries changed.
    """
    changed = [file.rpartition("/")[0]]
    for left in range(LOST_FOLDERS, -1, -1):
        try:
            os.replace(draft, file)
            break
        except FileNotFoundError:
            if not left:
                raise
            with suppress(FileNotFoundError, FileExistsError):
                changed += _made(changed[0])
    return changed


def _made(folder: str) -> Sequence[str]:
    """Makes a folder; returns those that have a new entry now."""
    above = folder.rpartition("/")[0]
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        return [*_made(above), *_made(folder)]
    return [above]


def _folders(file: str, root: str) -> list[str]:
    """The folders that a file lies in, from its own to the root."""
    found = []
    while file != root:
        file = file.rpartition("/")[0]
        found.append(file)
    return found


def _sync(path: str) -> None:
    """Waits until a file or the entries of a folder are on the disk; one that has left is no concern."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(folder: str) -> None:
    """Waits for everything on the file system of a folder. Linux since 5.8 tells what could not be written;
    where there is no syncfs, sync waits for all file systems and tells nothing.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def body_tag(body: bytes) -> str:
    """The entity tag of a body in a folder."""
    return hashlib.sha256(body).hexdigest()[:32]


def _cannot_write(root: Path, error: OSError) -> Outage:
    return Outage(f"{root} cannot be written: {error.strerror}.", hint="Check free space and permissions.")


@cache
def _errors() -> Any:
    """What obstore raises. It is imported when there is a bucket: a folder need not wait for it."""
    return importlib.import_module("obstore.exceptions")


def _not_there() -> tuple[type[Exception], ...]:
    return FileNotFoundError, _errors().NotFoundError  # obstore raises the built-in one, too


class S3:
    """A bucket on S3 or a server that speaks its protocol; keys come from the environment or the instance's
    role.
    """

    chunk = 64  # the lease is renewed after each, on a slow line too
    at_once = 32

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.bucket = parts.netloc
        self.prefix = parts.path.strip("/")
        endpoint = (
            options.get("endpoint")
            or os.environ.get("AWS_ENDPOINT_URL_S3")
            or os.environ.get("AWS_ENDPOINT_URL")
        )
        region = options.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not self.bucket:
            mend = "Write s3://bucket/prefix?region=REGION."
            raise SettingsError("site_url names no bucket.", setting="site_url", hint=mend)
        self.conditional = options.get("conditional", "yes") != "no"
        self._store = importlib.import_module("obstore.store").S3Store(
            self.bucket,
            prefix=self.prefix or None,
            region=region or "us-east-1",
            config={"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {},
            client_options={"allow_http": bool(endpoint), "timeout": timedelta(seconds=30)},
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=40)},
        )

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        mode: Literal["create"] | obstore.UpdateVersion | None = None
        if expected is not None and self.conditional:
            mode = {"e_tag": expected} if expected else "create"
        attributes = {"Content-Type": content_type(path), "Cache-Control": cache_control(path)}
        try:
            result = self._store.put(
                checked(path), body, attributes=attributes, mode=mode, use_multipart=False
            )
        except (_errors().AlreadyExistsError, _errors().PreconditionError, *_not_there()) as error:
            if NO_BUCKET in str(error) or not mode:
                raise self._no_bucket() from None
            return self._same(path, body)
        except _errors().BaseError as error:
            raise self._translated(error, path) from None
        return result["e_tag"] or ""

    def _same(self, path: str, body: bytes) -> str:
        """The tag of what lies there if it is what we wanted to put, as after a put whose answer was lost."""
        try:
            stored = self.get(path)
        except NotFound:
            raise Stale(f"{path} was deleted by another publisher.") from None
        if stored.body != body:
            raise Stale(f"{path} was changed by another publisher.")
        return stored.etag

    def get(self, path: str) -> Stored:
        try:
            result = self._store.get(checked(path))
            body = bytes(result.bytes())
        except _not_there() as error:
            if NO_BUCKET in str(error):
                raise self._no_bucket() from None
            raise NotFound(f"There is no object {path}.") from None
        except _errors().BaseError as error:
            raise self._translated(error, path) from None
        return Stored(path, result.meta["e_tag"] or "", len(body), body)

    def delete(self, path: str) -> None:
        try:
            self._store.delete(checked(path))
        except _not_there() as error:
            if NO_BUCKET in str(error):
                raise self._no_bucket() from None
        except _errors().BaseError as error:
            raise self._translated(error, path) from None

    def settle(self) -> None:
        """A bucket answers when it has what it was given."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        try:
            for chunk in self._store.list():
                for entry in chunk:
                    if entry["path"].startswith(prefix):
                        yield Stored(entry["path"], entry["e_tag"] or "", entry["size"])
        except _not_there():
            raise self._no_bucket() from None
        except _errors().BaseError as error:
            raise self._translated(error, prefix) from None

    def _no_bucket(self) -> SettingsError:
        mend = "Create it (deploy/cloudfront.yaml does) or mend site_url."
        return SettingsError(f"There is no bucket {self.bucket!r}.", setting="site_url", hint=mend)

    def _refused(self) -> SettingsError:
        mend = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role, and the bucket's policy."
        return SettingsError(f"The bucket {self.bucket!r} refuses us.", setting="site_url", hint=mend)

    def _translated(self, error: Exception, path: str) -> Outage | SettingsError:
        text = str(error)
        if NO_BUCKET in text:
            return self._no_bucket()
        if isinstance(error, (_errors().PermissionDeniedError, _errors().UnauthenticatedError)):
            return self._refused()
        if "credential" in text.lower() or ROLE_ADDRESS in text:
            mend = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached."
            return SettingsError(
                f"There are no credentials for the bucket {self.bucket!r}.", setting="site_url", hint=mend
            )
        if "403 Forbidden" in text:  # a listing's refusal has no class of its own
            return self._refused()
        return Outage(
            f"The bucket {self.bucket!r} did not take or give {path}.", hint="Try again in a moment."
        )
