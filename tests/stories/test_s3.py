"""Publishing to S3: two independent servers, CloudFront's control plane, a lost put, a stale publisher."""

import os
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from generator import ledger, publishing
from generator.checking import check
from generator.orders import Order
from generator.press import open_press
from generator.publishing import publish, send_invalidations
from generator.verifying import verify
from guestlink import secret_values, stays
from guestlink.errors import NotFound, Stale
from guestlink.records import Period, find_stay, find_unit, stay_links
from guestlink.settings import Settings
from guestlink.storage import ALWAYS_ASK, open_storage
from tests.guest import open_page, through_gate
from tests.house import AT, BY, DOOR, link_of, make_home, opened, run_publish, the_house, three_stays

DAY = timedelta(days=1)
KINDS = {"js": "text/javascript", "webmanifest": "application/manifest+json"}


@pytest.fixture
def cloudfront(moto_server: str, monkeypatch):
    """CloudFront's control plane with one distribution before a bucket: (client, distribution id, bucket)."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    bucket = f"site-{os.urandom(4).hex()}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    client = boto3.client("cloudfront")
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    policy = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    made = client.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": policy,
            },
        }
    )
    return client, made["Distribution"]["Id"], bucket


@pytest.fixture(params=["moto", "rclone"])
def bucket_url(request, tmp_path) -> str:
    """A fresh bucket on each of two servers that were written by different people."""
    name = f"site-{os.urandom(4).hex()}"
    if request.param == "moto":
        url, client = request.getfixturevalue("moto_server"), None
        client = boto3.client("s3", endpoint_url=url)
        options = ""
    else:
        server = request.getfixturevalue("rclone_s3")
        url = server.url
        client = boto3.client("s3", endpoint_url=url)
        options = "&conditional=no"
    client.create_bucket(Bucket=name)
    return f"s3://{name}/pages?region=us-east-1&endpoint={url}{options}"


def fetch_from(settings: Settings):
    storage = open_storage(settings.site_url, home=Path(settings.home))
    return lambda path: storage.get(path.partition("?")[0].strip("/")).body


def change(settings, reference: str, **fields) -> None:
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        stays.change_stay(tx, ring, house, find_stay(tx, reference), at=AT, by=BY, **fields)
    database.close()


def test_the_life_of_a_link_on_two_s3_servers(bucket_url, tmp_path):
    settings = make_home(tmp_path, site_url=bucket_url)
    three_stays(settings)
    run_publish(settings)
    link, fetch = link_of(settings, "ANA"), fetch_from(settings)
    assert DOOR in open_page(fetch, link).codes

    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        room = find_unit(tx, house, "room-1")
        stay = find_stay(tx, "ANA")
        longer = Period(unit_id=room.id, unit="room-1", from_on=stay.from_on, until_on=stay.until_on + DAY)
        stays.change_stay(tx, ring, house, stay, at=AT, by=BY, new_periods=(longer,))
    run_publish(settings)
    assert DOOR in open_page(fetch, link).codes, "the sent link goes on after an extra night"

    with database.write() as tx:
        stays.renew_link(tx, ring, house, stay_links(tx, find_stay(tx, "ANA"))[0], at=AT, by=BY)
    database.close()
    run_publish(settings)
    assert "This link was replaced" in through_gate(fetch, link)
    assert DOOR in open_page(fetch, link_of(settings, "ANA")).codes

    change(settings, "ANA", status="cancelled")
    run_publish(settings)
    assert "cancelled" in through_gate(fetch, link_of(settings, "ANA"))
    press = open_press(settings)
    found = verify(press)
    press.database.close()
    assert (found.missing, found.altered, found.foreign) == ((), (), ())


def test_objects_carry_their_type_and_cache_rule(bucket_url, tmp_path):
    settings = make_home(tmp_path, site_url=bucket_url)
    three_stays(settings)
    run_publish(settings)
    press = open_press(settings)
    paths = {item.path for item in press.target.storage.list()}
    press.database.close()
    bucket, _, rest = bucket_url.removeprefix("s3://").partition("/")
    client = boto3.client("s3", endpoint_url=bucket_url.partition("endpoint=")[2].partition("&")[0])
    for path in paths:
        head = client.head_object(Bucket=bucket, Key=f"{rest.partition('?')[0]}/{path}")
        if path.startswith("assets/"):
            assert "immutable" in head["CacheControl"]
        else:
            assert head["CacheControl"] == ALWAYS_ASK
            assert head["ContentType"].startswith(KINDS.get(path.rpartition(".")[2], "text/html"))


def test_a_withdrawn_code_is_invalidated_once_with_a_reference_of_its_own(cloudfront, tmp_path):
    client, distribution, bucket = cloudfront
    settings = make_home(tmp_path, site_url=f"s3://{bucket}?distribution={distribution}&region=us-east-1")
    three_stays(settings)
    run_publish(settings)
    assert client.list_invalidations(DistributionId=distribution)["InvalidationList"]["Quantity"] == 0
    database, ring = opened(settings)
    house = the_house(database)
    with database.write() as tx:
        secret_values.set_secret(tx, ring, house, name="door-code", value="Nn4changed", at=AT, by=BY)
    database.close()
    run_publish(settings)
    run_publish(settings)
    made = client.list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"]
    assert len(made) == 1
    batch = client.get_invalidation(DistributionId=distribution, Id=made[0]["Id"])["Invalidation"][
        "InvalidationBatch"
    ]
    assert all(path.startswith("/w/_/") for path in batch["Paths"]["Items"])
    assert len(batch["CallerReference"]) == 36


def test_an_invalidation_whose_answer_was_lost_is_sent_again_with_the_same_reference(
    cloudfront, tmp_path, monkeypatch
):
    _, distribution, bucket = cloudfront
    settings = make_home(tmp_path, site_url=f"s3://{bucket}?distribution={distribution}&region=us-east-1")
    three_stays(settings)
    run_publish(settings)
    change(settings, "ANA", status="cancelled")
    asked: list[str] = []

    def lost(target, paths, *, reference: str) -> int:
        asked.append(reference)
        raise ConnectionResetError

    real = publishing.invalidate
    monkeypatch.setattr(publishing, "invalidate", lost)
    with pytest.raises(ConnectionResetError):
        run_publish(settings)
    monkeypatch.setattr(
        publishing, "invalidate", lambda *a, **k: (asked.append(k["reference"]), real(*a, **k))[1]
    )
    press = open_press(settings)
    assert send_invalidations(press) == 2
    assert send_invalidations(press) == 0
    press.database.close()
    assert asked[0] == asked[1]


def test_a_stale_publisher_cannot_bring_back_what_was_replaced(cloudfront, tmp_path):
    """If-Match: the stale one's put is refused because the object is not the one it knew."""
    _, _, bucket = cloudfront
    settings = make_home(tmp_path, site_url=f"s3://{bucket}?region=us-east-1")
    three_stays(settings)
    run_publish(settings)
    press = open_press(settings)
    storage = press.target.storage
    path = next(item.path for item in storage.list("w/_/"))
    known = storage.get(path).etag
    storage.put(path, b"newer", expected=known)
    with pytest.raises(Stale):
        storage.put(path, b"stale", expected=known)
    assert storage.get(path).body == b"newer"
    press.database.close()


def test_a_second_publisher_is_told_to_wait_while_the_lease_is_held(cloudfront, tmp_path):
    _, _, bucket = cloudfront
    settings = make_home(tmp_path, site_url=f"s3://{bucket}?region=us-east-1")
    three_stays(settings)
    press = open_press(settings)
    house = the_house(press.database)
    with ledger.lease(press.database, house.id, target=press.target.name, locked=False):
        outcomes = publish(press, Order(), at=AT)
        assert isinstance(outcomes[1].error, Stale)
    assert publish(press, Order(), at=AT)[1].error is None
    press.database.close()


def test_check_names_a_distribution_that_trusts_no_key(cloudfront, tmp_path):
    _, distribution, bucket = cloudfront
    settings = make_home(tmp_path, site_url=f"s3://{bucket}?distribution={distribution}&region=us-east-1")
    three_stays(settings)
    run_publish(settings)
    press = open_press(settings)
    steps = list(check(press))
    press.database.close()
    assert [step.name for step in steps if step.holds] == ["settings", "keys", "records", "storage"]
    assert "key group" in steps[-1].text


def test_a_missing_object_says_not_found(bucket_url, tmp_path):
    storage = open_storage(bucket_url, home=tmp_path)
    with pytest.raises(NotFound):
        storage.get("nothing-here")
