"""What deploy/cloudfront.yaml promises about links, caches and headers, and what would break each promise."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from tests.contracts.cloudformation import Node, Stack, read_template

TEMPLATE = Path(__file__).parents[2] / "deploy" / "cloudfront.yaml"
STATIC = ("/w/*", "/assets/*", "/staff/*", "/host/*", "")
WHOLE = {
    "PublicKeyA": "PEM A",
    "PublicKeyB": "PEM B",
    "SiteDomain": "stay.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "ApiDomain": "api.example.com",
    "LogBucketDomain": "",
}

Promise = Callable[[Stack], bool]
Spoil = Callable[[Node], None]
PROMISES: list[Promise] = []
BROKEN: list[tuple[Promise, Spoil]] = []


# -- changes that break something -----------------------------------------------------------------
def put(*path: str | int, value: object) -> Spoil:
    """Writes a value into a resource of the template; the first part of the path names the resource."""

    def spoil(template: Node) -> None:
        node = template["Resources"][path[0]]["Properties"]
        for part in path[1:-1]:
            node = node[part]
        node[path[-1]] = value

    return spoil


def config(*path: str | int, value: object) -> Spoil:
    return put("Distribution", "DistributionConfig", *path, value=value)


def cache_key(policy: str, *path: str, value: object) -> Spoil:
    return put(policy, "CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin", *path, value=value)


def security(policy: str, *path: str, value: object) -> Spoil:
    return put(policy, "ResponseHeadersPolicyConfig", "SecurityHeadersConfig", *path, value=value)


def public_first(template: Node) -> None:
    template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"].insert(
        0, {"PathPattern": "/w/*"}
    )


def broken_by(*spoils: Spoil) -> Callable[[Promise], Promise]:
    """Marks a promise, with changes of the template that must each break it."""

    def note(promise: Promise) -> Promise:
        PROMISES.append(promise)
        BROKEN.extend((promise, spoil) for spoil in spoils)
        return promise

    return note


# -- the promises ---------------------------------------------------------------------------------
@broken_by(
    config("CacheBehaviors", 0, "TrustedKeyGroups", value=[]),
    public_first,
)
def pages_open_by_signed_link_only(stack: Stack) -> bool:
    signed = [name for name in ["", *stack.patterns()] if "TrustedKeyGroups" in stack.behaviour(name)]
    groups = [stack.behaviour(name)["TrustedKeyGroups"] for name in signed]
    return signed == ["/w/_/*"] and groups == [[{"Ref": "Signers"}]] and stack.patterns()[0] == "/w/_/*"


@broken_by(put("Signers", "KeyGroupConfig", "Items", value=[{"Ref": "KeyA"}] * 3))
def two_keys_at_most_sign(stack: Stack) -> bool:
    keys: list[Node] = stack.properties("Signers")["KeyGroupConfig"]["Items"]
    return keys == [{"Ref": "KeyA"}, {"Ref": "KeyB"}]


@broken_by(
    cache_key("PagesCache", "QueryStringsConfig", "QueryStringBehavior", value="all"),
    cache_key("AssetsCache", "CookiesConfig", "CookieBehavior", value="all"),
    cache_key("PagesCache", "HeadersConfig", "HeaderBehavior", value="whitelist"),
    config("CacheBehaviors", 0, "OriginRequestPolicyId", value="all viewer"),
)
def the_cache_knows_the_path_only(stack: Stack) -> bool:
    for pattern in ("/w/_/*", "/w/sw.js", *STATIC):
        key = stack.cache(pattern)["ParametersInCacheKeyAndForwardedToOrigin"]
        behaviours = [
            key["QueryStringsConfig"]["QueryStringBehavior"],
            key["CookiesConfig"]["CookieBehavior"],
            key["HeadersConfig"]["HeaderBehavior"],
        ]
        if behaviours != ["none"] * 3 or "OriginRequestPolicyId" in stack.behaviour(pattern):
            return False
    return True


@broken_by(
    put("PagesCache", "CachePolicyConfig", "MinTTL", value=1),
    put("PagesCache", "CachePolicyConfig", "MaxTTL", value=86400),
)
def a_page_may_be_fresh_and_is_never_old(stack: Stack) -> bool:
    pages = [stack.cache(pattern) for pattern in ("/w/_/*", "/w/sw.js", "/w/*", "")]
    return all(page["MinTTL"] == 0 and page["MaxTTL"] <= 60 for page in pages)


@broken_by(put("AssetsCache", "CachePolicyConfig", "DefaultTTL", value=60))
def assets_stay_a_year(stack: Stack) -> bool:
    assets = stack.cache("/assets/*")
    year = 365 * 24 * 3600
    return bool(assets["MinTTL"] == 0 and assets["DefaultTTL"] == assets["MaxTTL"] == year)


@broken_by(cache_key("AssetsCache", "EnableAcceptEncodingBrotli", value=False))
def everything_is_compressed(stack: Stack) -> bool:
    def brotli_and_gzip(pattern: str) -> bool:
        key = stack.cache(pattern)["ParametersInCacheKeyAndForwardedToOrigin"]
        return bool(key["EnableAcceptEncodingBrotli"] and key["EnableAcceptEncodingGzip"])

    return all(stack.behaviour(name)["Compress"] and brotli_and_gzip(name) for name in ("/w/_/*", *STATIC))


@broken_by(
    security("SiteHeaders", "ContentSecurityPolicy", "ContentSecurityPolicy", value="default-src *"),
    security("SiteHeaders", "ReferrerPolicy", "ReferrerPolicy", value="no-referrer"),
    security("SiteHeaders", "ContentTypeOptions", "Override", value=False),
    security("SiteHeaders", "StrictTransportSecurity", "AccessControlMaxAgeSec", value=0),
    put("SiteHeaders", "ResponseHeadersPolicyConfig", "CustomHeadersConfig", "Items", value=[]),
)
def nobody_frames_indexes_or_sniffs(stack: Stack) -> bool:
    wanted = {
        "Content-Security-Policy": "frame-ancestors 'none'",
        "Referrer-Policy": "strict-origin",
        "Strict-Transport-Security": "63072000",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return all(stack.headers(pattern) == wanted for pattern in ("/w/_/*", *STATIC))


@broken_by(
    security("WorkerHeaders", "ContentSecurityPolicy", "ContentSecurityPolicy", value="default-src 'none'"),
)
def the_worker_may_fetch(stack: Stack) -> bool:
    first = stack.patterns().index("/w/sw.js") < stack.patterns().index("/w/*")
    return first and "connect-src 'self'" in stack.headers("/w/sw.js")["Content-Security-Policy"].split("; ")


@broken_by(config("CustomErrorResponses", 0, "ResponseCode", value=403))
def wrong_and_missing_look_the_same(stack: Stack) -> bool:
    page = {"ResponseCode": 404, "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 10}
    answers: list[Node] = stack.distribution["CustomErrorResponses"]
    return answers == [{"ErrorCode": code, **page} for code in (403, 404)]


@broken_by(
    put("Site", "PublicAccessBlockConfiguration", "BlockPublicPolicy", value=False),
    put("Site", "VersioningConfiguration", value={"Status": "Enabled"}),
)
def the_bucket_is_private(stack: Stack) -> bool:
    site = stack.properties("Site")
    blocks = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
    return bool(
        site["PublicAccessBlockConfiguration"] == dict.fromkeys(blocks, True)
        and site["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        and "VersioningConfiguration" not in site
        and "BucketEncryption" in site
    )


@broken_by(
    put("SitePolicy", "PolicyDocument", "Statement", 0, "Principal", value="*"),
    put("SitePolicy", "PolicyDocument", "Statement", 0, "Condition", value={}),
    put("SitePolicy", "PolicyDocument", "Statement", 1, "Effect", value="Allow"),
)
def only_this_distribution_reads(stack: Stack) -> bool:
    reads, plain = stack.properties("SitePolicy")["PolicyDocument"]["Statement"]
    this = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    return bool(
        reads["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        and reads["Action"] == "s3:GetObject"
        and reads["Condition"] == {"StringEquals": {"AWS:SourceArn": {"Fn::Sub": this}}}
        and plain["Effect"] == "Deny"
        and plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    )


@broken_by(put("Access", "OriginAccessControlConfig", "SigningBehavior", value="never"))
def cloudfront_signs_what_it_asks_the_bucket(stack: Stack) -> bool:
    signing = stack.properties("Access")["OriginAccessControlConfig"]["SigningBehavior"]
    control = stack.distribution["Origins"][0]["OriginAccessControlId"]
    return bool(signing == "always" and control == {"Fn::GetAtt": ["Access", "Id"]})


@broken_by(config("DefaultCacheBehavior", "ViewerProtocolPolicy", value="allow-all"))
def plain_http_reaches_nothing(stack: Stack) -> bool:
    behaviours = [stack.behaviour(pattern) for pattern in ["", *stack.patterns()]]
    protocols = {behaviour["ViewerProtocolPolicy"] for behaviour in behaviours}
    tls: str = stack.distribution["ViewerCertificate"]["MinimumProtocolVersion"]
    return tls == "TLSv1.2_2021" and protocols == {"redirect-to-https", "https-only"}


@broken_by(config("CacheBehaviors", -1, "Fn::If", 1, "CachePolicyId", value={"Ref": "PagesCache"}))
def the_api_is_asked_every_time(stack: Stack) -> bool:
    caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    all_but_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    return all(
        behaviour["TargetOriginId"] == "api"
        and behaviour["CachePolicyId"] == caching_disabled
        and behaviour["OriginRequestPolicyId"] == all_but_host
        and "POST" in behaviour["AllowedMethods"]
        for behaviour in map(stack.behaviour, ["/api/*", "/open*"])
    )


@broken_by(
    put("Publisher", "PolicyDocument", "Statement", 0, "Resource", value="*"),
    put("Publisher", "PolicyDocument", "Statement", 2, "Action", value="cloudfront:*"),
)
def the_publisher_may_publish_and_no_more(stack: Stack) -> bool:
    statements = stack.properties("Publisher")["PolicyDocument"]["Statement"]
    actions = [statement["Action"] for statement in statements]
    return actions == [
        ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
        "s3:ListBucket",
        ["cloudfront:CreateInvalidation", "cloudfront:GetDistribution"],
        ["cloudfront:GetKeyGroup", "cloudfront:GetPublicKey"],
    ] and all(statement["Resource"] != "*" for statement in statements[:3])


# -- the tests ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def template() -> Node:
    return read_template(TEMPLATE)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_template_promises(template: Node, promise: Promise) -> None:
    assert promise(Stack(template, **WHOLE))


@pytest.mark.parametrize(("promise", "spoil"), BROKEN)
def test_a_spoiled_template_breaks_the_promise(template: Node, promise: Promise, spoil: Spoil) -> None:
    spoiled = deepcopy(template)
    spoil(spoiled)
    assert not promise(Stack(spoiled, **WHOLE))


def test_without_an_api_nothing_leads_to_one(template: Node) -> None:
    stack = Stack(template, PublicKeyA="PEM A")
    site = ["/w/_/*", "/w/sw.js", "/w/*", "/assets/*.svg", "/assets/*", "/staff/*", "/host/*"]
    assert stack.patterns() == site
    assert [origin["Id"] for origin in stack.distribution["Origins"]] == ["site"]
    assert "ApiHeaders" not in stack.resources


def test_the_api_decides_its_own_content_security_policy(template: Node) -> None:
    policy = Stack(template, **WHOLE).properties("ApiHeaders")["ResponseHeadersPolicyConfig"]
    assert policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["Override"] is False


@pytest.mark.parametrize(("key", "other"), [("A", "B"), ("B", "A")])
def test_either_key_can_stand_alone_so_that_keys_can_rotate(template: Node, key: str, other: str) -> None:
    stack = Stack(template, **{f"PublicKey{key}": "PEM"})
    assert stack.properties("Signers")["KeyGroupConfig"]["Items"] == [{"Ref": f"Key{key}"}]
    assert f"Key{other}" not in stack.resources
    assert f"PublicKeyId{key}" in stack.outputs
    assert f"PublicKeyId{other}" not in stack.outputs


def test_logs_are_off_until_asked_for(template: Node) -> None:
    assert "Logging" not in Stack(template, PublicKeyA="PEM").distribution
    logged = Stack(template, PublicKeyA="PEM", LogBucketDomain="logs.s3.amazonaws.com").distribution
    assert logged["Logging"]["IncludeCookies"] is False


def test_the_outputs_are_the_settings(template: Node) -> None:
    outputs = Stack(template, **WHOLE).outputs
    assert outputs["SiteUrl"]["Value"] == {
        "Fn::Sub": "s3://${Site}?distribution=${Distribution}&region=${AWS::Region}"
    }
    assert outputs["PublicUrl"]["Value"] == {"Fn::Sub": "https://${SiteDomain}"}
    named = {"DistributionId", "DomainName", "KeyGroupId", "BucketName", "PublisherPolicyArn"}
    assert named <= outputs.keys()
