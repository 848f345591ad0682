"""Reads a CloudFormation template the way CloudFormation does: parameters filled in, conditions decided."""

from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load  # type: ignore[import-untyped]

Node = Any  # what YAML can hold


def read_template(path: Path) -> Node:
    """The template as nested dicts and lists, short forms such as `!Ref` written out."""
    return load(str(path))


class Stack:
    """The template with its parameters filled in: conditions decided, what they leave out is gone."""

    def __init__(self, template: Node, **parameters: str) -> None:
        self.parameters = {name: value.get("Default", "") for name, value in template["Parameters"].items()}
        self.parameters |= parameters
        self.conditions = {name: self._holds(rule) for name, rule in template["Conditions"].items()}
        self.resources = self._kept(template["Resources"])
        self.outputs = self._kept(template["Outputs"])
        self.distribution = self.properties("Distribution")["DistributionConfig"]

    def properties(self, name: str) -> Node:
        return self.resources[name]["Properties"]

    def patterns(self) -> list[str]:
        return [behaviour["PathPattern"] for behaviour in self.distribution["CacheBehaviors"]]

    def behaviour(self, pattern: str) -> Node:
        """The behaviour of a pattern, "" for the default one."""
        if not pattern:
            return self.distribution["DefaultCacheBehavior"]
        return self.distribution["CacheBehaviors"][self.patterns().index(pattern)]

    def cache(self, pattern: str) -> Node:
        return self.properties(self.behaviour(pattern)["CachePolicyId"]["Ref"])["CachePolicyConfig"]

    def headers(self, pattern: str) -> dict[str, str]:
        """The response headers that a policy adds to what this pattern answers."""
        name = self.behaviour(pattern)["ResponseHeadersPolicyId"]["Ref"]
        policy = self.properties(name)["ResponseHeadersPolicyConfig"]
        named = {item["Header"]: item["Value"] for item in policy["CustomHeadersConfig"]["Items"]}
        secure = policy["SecurityHeadersConfig"]
        return named | {
            "Content-Security-Policy": secure["ContentSecurityPolicy"]["ContentSecurityPolicy"],
            "Referrer-Policy": secure["ReferrerPolicy"]["ReferrerPolicy"],
            "Strict-Transport-Security": str(secure["StrictTransportSecurity"]["AccessControlMaxAgeSec"]),
            "X-Content-Type-Options": "nosniff" if secure["ContentTypeOptions"]["Override"] else "",
        }

    def _holds(self, rule: Node) -> bool:
        match rule:
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::Equals": [{"Ref": name}, value]}:
                return bool(self.parameters[name] == value)
        raise AssertionError(f"unknown condition {rule}")

    def _kept(self, node: Node) -> Node:
        if isinstance(node, dict):
            if "Fn::If" in node:
                condition, yes, no = node["Fn::If"]
                return self._kept(yes if self.conditions[condition] else no)
            there = {key: value for key, value in node.items() if self._stays(value)}
            found = {key: self._kept(value) for key, value in there.items()}
            return {key: value for key, value in found.items() if value != {"Ref": "AWS::NoValue"}}
        if isinstance(node, list):
            return [item for item in map(self._kept, node) if item != {"Ref": "AWS::NoValue"}]
        return node

    def _stays(self, value: Node) -> bool:
        named = isinstance(value, dict) and isinstance(value.get("Condition"), str)
        return not named or self.conditions[value["Condition"]]
