"""A place that guests' pages are published to: its storage, its lock and, in front of it, CloudFront.

The only file that speaks to CloudFront. Every operation may be repeated.
"""

import fcntl
import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from guestlink.errors import Outage, SettingsError, Stale
from guestlink.settings import Settings, target_name
from guestlink.storage import Folder, Storage, open_storage

MOST_PATHS = 1000


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is site_url without its options: what the records know the target by."""

    name: str
    storage: Storage
    distribution: str = ""
    region: str = ""


def open_target(settings: Settings) -> Target:
    """The target that site_url names."""
    parts = urlsplit(settings.site_url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Target(
        name=target_name(settings),
        storage=open_storage(settings.site_url, home=Path(settings.home)),
        distribution=options.get("distribution", ""),
        region=options.get("region", ""),
    )


@contextmanager
def publishing_lock(target: Target, name: str) -> Iterator[bool]:
    """Keeps other publishers of this property off a folder; yields False where only the lease can do that.

    The kernel frees the lock when its holder dies, so a publish after a crash need not wait for a lease to
    end.
    """
    if not isinstance(target.storage, Folder):
        yield False
        return
    root = target.storage.root
    lock = f"{root}/.lock-{name or 'site'}"
    try:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        mend = "Check site_url, free space and permissions."
        raise SettingsError(
            f"{root} cannot be written: {error.strerror}.", setting="site_url", hint=mend
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Stale(
            f"Another publish of {name or 'the site'} is running.", hint="Wait until it is done."
        ) from None
    else:
        target.storage.drop_drafts()
        yield True
    finally:
        os.close(descriptor)


def invalidate(target: Target, paths: Sequence[str], *, reference: str) -> int:
    """Asks CloudFront to forget paths; equal reference and paths are one invalidation. Returns how many.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
    """
    if not target.distribution or not paths:
        return 0
    wanted = sorted(set(paths)) if len(set(paths)) <= MOST_PATHS else ["/w/*"]
    with _translated():
        _cloudfront(target).create_invalidation(
            DistributionId=target.distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(wanted), "Items": wanted},
                "CallerReference": reference,
            },
        )
    return len(wanted)


def distribution_facts(target: Target) -> dict[str, Any]:
    """What CloudFront says of the distribution: enabled, domains, origins, the key group of the pages'
    behaviour.
    """
    with _translated():
        found: Any = _cloudfront(target).get_distribution(Id=target.distribution)
    settings = found["Distribution"]["DistributionConfig"]
    behaviours = settings.get("CacheBehaviors", {}).get("Items", [])
    pages = next((item for item in behaviours if item["PathPattern"] in ("/w/_/*", "w/_/*")), None)
    groups = (pages or {}).get("TrustedKeyGroups", {}).get("Items", [])
    return {
        "enabled": bool(settings["Enabled"]),
        "domains": [found["Distribution"]["DomainName"], *settings.get("Aliases", {}).get("Items", [])],
        "origins": [origin["DomainName"] for origin in settings["Origins"]["Items"]],
        "signed": pages is not None,
        "key_groups": groups,
    }


def trusted_keys(target: Target, groups: Sequence[str]) -> dict[str, str]:
    """Id -> PEM of the public keys that these key groups trust."""
    client = _cloudfront(target)
    found: dict[str, str] = {}
    with _translated():
        for group in groups:
            config = client.get_key_group(Id=group)["KeyGroup"]["KeyGroupConfig"]
            for key_id in config["Items"]:
                key = client.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]
                found[key_id] = key["EncodedKey"].strip()
    return found


@cache
def _boto3() -> Any:
    """Imported when a distribution is really asked: a publish to a folder need not wait for it."""
    return importlib.import_module("boto3")


@cache
def _refusals() -> Any:
    return importlib.import_module("botocore.exceptions")


def _cloudfront(target: Target) -> Any:
    return _boto3().client("cloudfront", region_name=target.region or "us-east-1")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _refusals().ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in {"Throttling", "TooManyInvalidationsInProgress", "ServiceUnavailable", "InternalError"}:
            raise Outage(
                f"CloudFront is busy: {code}.", hint="It is asked again later.", retry_after=60
            ) from None
        mend = (
            "Check distribution= in site_url and what the role may do (deploy/cloudfront.yaml has a policy)."
        )
        raise SettingsError(f"CloudFront refuses: {code}.", setting="site_url", hint=mend) from None
    except _refusals().BotoCoreError as error:
        mend = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached."
        if "redential" in str(error):
            raise SettingsError(
                "There are no credentials for CloudFront.", setting="site_url", hint=mend
            ) from None
        raise Outage("CloudFront does not answer.", hint="It is asked again later.") from None
