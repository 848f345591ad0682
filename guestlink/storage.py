"""Where objects lie: a folder or an S3 bucket, chosen by URL, with one behaviour.

It knows bytes, paths, types and entity tags; it never knows what a page is or whether one may be read.
"""

import errno
import hashlib
import mimetypes
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec
import obstore
from obstore import exceptions as refused
from obstore.store import S3Store

from guestlink import clock
from guestlink.errors import InvalidInput, NotFound, Outage, SettingsError, Stale

ALWAYS_ASK = "max-age=0, s-maxage=60, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_THERE = (FileNotFoundError, refused.NotFoundError)  # obstore raises the built-in one
REFUSALS = (refused.PermissionDeniedError, refused.UnauthenticatedError)
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
    `settle` returns when all that was put before survives a power cut. It is called once for `chunk` puts or
    deletes; what a crash repeats is at most three of them.
    """

    @property
    def conditional(self) -> bool: ...
    @property
    def chunk(self) -> int: ...
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
    """A local folder. Readers see the whole old or the whole new file, never a part."""

    conditional = True
    chunk = 128  # a sync costs as much as many small files

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()

    def put(self, path: str, body: bytes, *, expected: str | None = None) -> str:
        file = self.root / checked(path)
        etag = body_tag(body)
        draft = self.root / DRAFTS / f"{os.getpid()}.{threading.get_ident()}"
        try:
            _write(draft, body)
            with self._lock:
                if expected is not None and self._tag(file) not in {expected, etag}:
                    raise Stale(f"{path} was changed by another publisher.")
                _move(draft, file)
        except OSError as error:
            raise _cannot_write(self.root, error) from None
        finally:
            with suppress(OSError):
                draft.unlink()
        return etag

    def settle(self) -> None:
        os.sync()

    def drop_drafts(self) -> None:
        """Removes what puts that were killed left behind."""
        oldest = clock.now().timestamp() - DRAFT_SECONDS
        for draft in (self.root / DRAFTS).glob("*"):
            with suppress(OSError):
                if draft.stat().st_mtime < oldest:
                    draft.unlink()

    @staticmethod
    def _tag(file: Path) -> str:
        try:
            return body_tag(file.read_bytes())
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
        file = self.root / checked(path)
        try:
            file.unlink(missing_ok=True)
        except (NotADirectoryError, IsADirectoryError):
            return
        except OSError as error:
            raise _cannot_write(self.root, error) from None
        with suppress(OSError):  # a folder that is not empty stays
            for folder in list(file.parents)[: len(Path(path).parts) - 1]:
                folder.rmdir()

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


def _write(draft: Path, body: bytes) -> None:
    try:
        draft.write_bytes(body)
    except FileNotFoundError:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(body)


def _move(draft: Path, file: Path) -> None:
    """Puts a file in its place; a delete beside us may take the folder away in the moment before."""
    for left in range(LOST_FOLDERS, -1, -1):
        try:
            draft.replace(file)
        except FileNotFoundError:
            if not left:
                raise
            with suppress(FileNotFoundError, FileExistsError):
                file.parent.mkdir(parents=True, exist_ok=True)
        else:
            return


def body_tag(body: bytes) -> str:
    """The entity tag of a body in a folder."""
    return hashlib.sha256(body).hexdigest()[:32]


def _cannot_write(root: Path, error: OSError) -> Outage:
    return Outage(f"{root} cannot be written: {error.strerror}.", hint="Check free space and permissions.")


class S3:
    """A bucket on S3 or a server that speaks its protocol; keys come from the environment or the instance's
    role.
    """

    chunk = 64  # the lease is renewed after each, on a slow line too

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
        self._store = S3Store(
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
        except (refused.AlreadyExistsError, refused.PreconditionError, *NOT_THERE) as error:
            if NO_BUCKET in str(error) or not mode:
                raise self._no_bucket() from None
            return self._same(path, body)
        except refused.BaseError as error:
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
        except NOT_THERE as error:
            if NO_BUCKET in str(error):
                raise self._no_bucket() from None
            raise NotFound(f"There is no object {path}.") from None
        except refused.BaseError as error:
            raise self._translated(error, path) from None
        return Stored(path, result.meta["e_tag"] or "", len(body), body)

    def delete(self, path: str) -> None:
        try:
            self._store.delete(checked(path))
        except NOT_THERE as error:
            if NO_BUCKET in str(error):
                raise self._no_bucket() from None
        except refused.BaseError as error:
            raise self._translated(error, path) from None

    def settle(self) -> None:
        """A bucket answers when it has what it was given."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        try:
            for chunk in self._store.list():
                for entry in chunk:
                    if entry["path"].startswith(prefix):
                        yield Stored(entry["path"], entry["e_tag"] or "", entry["size"])
        except NOT_THERE:
            raise self._no_bucket() from None
        except refused.BaseError as error:
            raise self._translated(error, prefix) from None

    def _no_bucket(self) -> SettingsError:
        mend = "Create it (deploy/cloudfront.yaml does) or mend site_url."
        return SettingsError(f"There is no bucket {self.bucket!r}.", setting="site_url", hint=mend)

    def _refused(self) -> SettingsError:
        mend = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role, and the bucket's policy."
        return SettingsError(f"The bucket {self.bucket!r} refuses us.", setting="site_url", hint=mend)

    def _translated(self, error: refused.BaseError, path: str) -> Outage | SettingsError:
        text = str(error)
        if NO_BUCKET in text:
            return self._no_bucket()
        if isinstance(error, REFUSALS):
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
