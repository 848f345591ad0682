"""The servers that tests run against really answer."""

import boto3
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client
from playwright.sync_api import Page

from tests.services import S3Server


def s3(url: str, access_key: str = "ana", secret_key: str = "anything") -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def put_and_get(client: S3Client, bucket: str) -> bytes:
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="w/gate", Body=b"<p>ana</p>", ContentType="text/html")
    return client.get_object(Bucket=bucket, Key="w/gate")["Body"].read()


def test_postgresql_answers_a_query(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert connection.execute("show fsync").fetchone() == ("off",)


@pytest.mark.parametrize("guest", ["ana", "tomas"])
def test_each_test_has_a_database_of_its_own(postgres_database: str, guest: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        connection.execute("create table guests (name text)")
        connection.execute("insert into guests values (%s)", [guest])
        assert connection.execute("select name from guests").fetchall() == [(guest,)]


def test_postgresql_wants_the_password(postgres_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_url.replace("known-to-everybody", "wrong"))


def test_moto_keeps_an_object(moto_server: str) -> None:
    assert put_and_get(s3(moto_server), "services") == b"<p>ana</p>"


def test_moto_refuses_a_put_over_what_is_there(moto_server: str) -> None:
    client = s3(moto_server)
    client.create_bucket(Bucket="conditional")
    client.put_object(Bucket="conditional", Key="gate", Body=b"first")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket="conditional", Key="gate", Body=b"second", IfNoneMatch="*")


def test_moto_has_cloudfront(moto_server: str) -> None:
    client = boto3.client("cloudfront", endpoint_url=moto_server)
    key = {"CallerReference": "services", "Name": "services", "EncodedKey": "PEM"}
    made = client.create_public_key(PublicKeyConfig=key)["PublicKey"]["Id"]
    assert client.get_public_key(Id=made)["PublicKey"]["PublicKeyConfig"]["EncodedKey"].strip() == "PEM"


def test_rclone_keeps_an_object(rclone_s3: S3Server) -> None:
    assert put_and_get(s3(*rclone_s3), "services") == b"<p>ana</p>"


def test_rclone_refuses_a_wrong_key(rclone_s3: S3Server) -> None:
    with pytest.raises(ClientError, match="Signature"):
        s3(rclone_s3.url, rclone_s3.access_key, "wrong").list_buckets()


@pytest.mark.browser
def test_chromium_renders_a_page(page: Page, console_errors: list[str]) -> None:
    page.goto("data:text/html,<h1>Harbour House</h1><script>document.title = 'for ' + 'ana'</script>")
    assert page.inner_text("h1") == "Harbour House"
    assert page.title() == "for ana"
    assert console_errors == []


@pytest.mark.browser
def test_console_errors_are_collected(page: Page, console_errors: list[str]) -> None:
    page.goto("data:text/html,<script>console.error('no key'); throw new Error('no page')</script>")
    page.wait_for_function("true")
    assert console_errors == ["no key", "no page"]


@pytest.mark.browser
@pytest.mark.parametrize("guest", ["ana", "tomas"])
def test_each_page_has_a_profile_of_its_own(page: Page, guest: str) -> None:
    page.route("**/*", lambda route: route.fulfill(body="<p>empty</p>", content_type="text/html"))
    page.goto("http://localhost/")
    assert page.evaluate("localStorage.getItem('guest')") is None
    page.evaluate("guest => localStorage.setItem('guest', guest)", guest)
