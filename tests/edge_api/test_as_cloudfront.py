"""The local edge and deploy/cloudfront.yaml make the same promises."""

import msgspec
import pytest

from edge_api import copies, site
from tests.contracts.cloudformation import Stack, read_template
from tests.edge_api import house as place
from tests.edge_api.conftest import PROGRAM
from tests.edge_api.house import House

PATHS = {
    "": "/",
    "/w/_/*": f"/w/_/{place.SLUG}/en.html",
    "/w/sw.js": "/w/sw.js",
    "/w/*": f"/w/{place.SLUG}",
    "/assets/*.svg": "/assets/p/00ff00ff00ff00ff.svg",
    "/assets/*": "/assets/welcome.0a1b2c3d.css",
    "/staff/*": "/staff/index.html",
    "/host/*": "/host/index.html",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(read_template(PROGRAM / "deploy" / "cloudfront.yaml"), PublicKeyA="PEM")


def signed(house: House, pattern: str) -> str:
    return f"{PATHS[pattern]}?{house.sign()}" if pattern == "/w/_/*" else PATHS[pattern]


def test_every_behaviour_of_the_template_is_compared(stack: Stack) -> None:
    assert ["", *stack.patterns()] == list(PATHS)


@pytest.mark.parametrize("pattern", PATHS)
def test_the_same_headers(house: House, stack: Stack, pattern: str) -> None:
    house.settings = msgspec.structs.replace(house.settings, public_url="https://stay.example.com")
    with house.client() as guest:
        answer = guest.get(signed(house, pattern))
    assert answer.status_code == 200
    promised = stack.headers(pattern)
    promised["Strict-Transport-Security"] = f"max-age={promised['Strict-Transport-Security']}"
    assert {name: answer.headers[name] for name in promised} == promised


@pytest.mark.parametrize("pattern", PATHS)
def test_the_same_lock(house: House, stack: Stack, pattern: str) -> None:
    with house.client() as guest:
        status = guest.get(PATHS[pattern]).status_code
    assert (status == 403) == ("TrustedKeyGroups" in stack.behaviour(pattern))


@pytest.mark.parametrize("pattern", PATHS)
def test_the_same_methods(house: House, stack: Stack, pattern: str) -> None:
    with house.client() as guest:
        allowed = guest.post(PATHS[pattern]).headers["Allow"]
    assert allowed.split(", ") == stack.behaviour(pattern)["AllowedMethods"]


@pytest.mark.parametrize("pattern", PATHS)
def test_never_longer_in_a_cache(house: House, stack: Stack, pattern: str) -> None:
    with house.client() as guest:
        told = guest.get(signed(house, pattern)).headers["Cache-Control"]
    seconds: dict[str, str] = dict(copies.LIFETIME.findall(told))
    assert int(seconds.get("s-maxage", seconds["max-age"])) <= stack.cache(pattern)["MaxTTL"]


def test_the_same_error_page(stack: Stack) -> None:
    pages = {answer["ResponsePagePath"] for answer in stack.distribution["CustomErrorResponses"]}
    assert pages == {f"/{site.ERROR_PAGE}"}
    assert stack.distribution["DefaultRootObject"] == site.LANDING_PAGE


def test_no_policy_of_ours_is_weaker(stack: Stack) -> None:
    weakest = stack.headers("")["Content-Security-Policy"]
    assert all(weakest in policy for policy in (site.NO_FRAMES, site.WORKER_POLICY, site.PICTURE_POLICY))
