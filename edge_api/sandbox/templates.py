"""Message templates: what review looks at, what a template message has to bring, how one is printed. Pure.

Source: Meta, Templates (components, pausing) and Error codes 132000 to 132016.
"""

import re
from dataclasses import dataclass, field

from edge_api.sandbox.fields import Fields
from edge_api.sandbox.messages import check_media
from edge_api.sandbox.refusals import Json, Refusal

NAME = re.compile(r"[a-z0-9_]{1,512}\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?\Z")
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
LONGEST_BODY, LONGEST_LINE, MOST_BUTTONS, LONGEST_BUTTON = 1024, 60, 10, 25
LONGEST_CODE = 15
RUNS_OF_SPACES = re.compile(r"[\n\t]| {5}")
PAUSES = (("FIRST_PAUSE", 3 * 3600), ("SECOND_PAUSE", 6 * 3600))  # then it is disabled
MEDIA_FORMATS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
BUTTON_KINDS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP", "REQUEST_CONTACT_INFO")
SALES_TALK = ("% off", "discount", "buy now", "limited offer")  # what review does not take for a utility


@dataclass
class Template:
    """A template in one language."""

    id: str
    name: str
    language: str
    category: str
    components: list[Json]
    status: str = "PENDING"
    reason: str = "NONE"
    named: bool = False
    ttl: int | None = None
    pauses: int = 0
    hints: Json = field(default_factory=dict)

    def told(self) -> Json:
        """As Graph lists it."""
        told: Json = {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": "NAMED" if self.named else "POSITIONAL",
            "components": self.components,
        }
        if self.ttl is not None:
            told["message_send_ttl_seconds"] = self.ttl
        return told | ({"rejected_reason": self.reason} if self.status == "REJECTED" else {})

    def part(self, kind: str) -> Json:
        """The component of that type, or an empty one."""
        return next((each for each in self.components if str(each.get("type")).upper() == kind), {})

    @property
    def buttons(self) -> list[Json]:
        found = self.part("BUTTONS").get("buttons", [])
        return found if isinstance(found, list) else []


def read_template(body: Json, template_id: str) -> Template:
    """A template as it was handed in. Raises Refusal where the API itself says no, before any review."""
    fields = Fields(body, "")
    name = fields.text("name", 512)
    if not NAME.match(name):
        raise fields.refused("Param name may only have lower-case letters, digits and underscores.")
    language = fields.text("language", 12)
    if not LANGUAGE.match(language):
        raise fields.refused(f"Param language: {language!r} is not a language code such as en or en_US.")
    category = str(body.get("category", "")).upper()
    if category not in CATEGORIES:
        raise fields.refused(f"Param category must be one of {', '.join(CATEGORIES)}.")
    components = fields.children("components", fewest=1, most=5)
    named = str(body.get("parameter_format", "POSITIONAL")).upper() == "NAMED"
    ttl = (
        int(fields.number("message_send_ttl_seconds", -1, 2592000))
        if fields.has("message_send_ttl_seconds")
        else None
    )
    made = Template(
        template_id, name, language, category, [each.value for each in components], named=named, ttl=ttl
    )
    if made.category == "AUTHENTICATION":
        _write_in(made)
    _check_lengths(made, fields)
    return made


def _write_in(made: Template) -> None:
    """Around a code the words are Meta's own, here in English only."""
    body, footer = made.part("BODY"), made.part("FOOTER")
    if body and not body.get("text"):
        warning = (
            " For your security, do not share this code." if body.get("add_security_recommendation") else ""
        )
        body["text"] = f"*{{{{1}}}}* is your verification code.{warning}"
    if minutes := footer.get("code_expiration_minutes"):
        footer["text"] = f"This code expires in {minutes} minutes."
    for button in made.buttons:
        if button.get("type") == "OTP":
            button.setdefault("text", "Copy code")


def _check_lengths(made: Template, fields: Fields) -> None:
    if category_needs_body(made) and not made.part("BODY").get("text"):
        raise fields.refused("A BODY component with text is required.")
    longest = {"HEADER": LONGEST_LINE, "BODY": LONGEST_BODY, "FOOTER": LONGEST_LINE}
    for kind, most in longest.items():
        if len(str(made.part(kind).get("text", ""))) > most:
            raise fields.refused(f"The {kind} may have at most {most} characters.")
    if len(made.buttons) > MOST_BUTTONS:
        raise fields.refused(f"A template has at most {MOST_BUTTONS} buttons.")
    for button in made.buttons:
        if button.get("type") not in BUTTON_KINDS:
            raise fields.refused(
                f"Button type {button.get('type')!r} is not one of {', '.join(BUTTON_KINDS)}."
            )
        if len(str(button.get("text", ""))) > LONGEST_BUTTON:
            raise fields.refused(f"The text of a button may have at most {LONGEST_BUTTON} characters.")


def category_needs_body(made: Template) -> bool:
    return made.category != "AUTHENTICATION"


def review(template: Template) -> tuple[str, Json]:
    """What review thinks: a reason to reject and its explanation, or NONE."""
    text = str(template.part("BODY").get("text", ""))
    names = VARIABLE.findall(text)
    if template.category == "AUTHENTICATION":
        return "NONE", {}
    if VARIABLE.match(text.strip()) or re.search(VARIABLE.pattern + r"\W*\Z", text.strip()):
        told = "Variables can't be at the start or end of the template."
        return "INVALID_FORMAT", {"reason": told, "recommendation": "Put words around the variable."}
    if not template.named and sorted(set(names), key=str) != sorted(map(str, range(1, len(set(names)) + 1))):
        told = "Variables must be numbered from 1 without gaps."
        return "INVALID_FORMAT", {"reason": told, "recommendation": "Number them {{1}}, {{2}}, {{3}}."}
    if names and not template.part("BODY").get("example"):
        told = "Every variable needs an example."
        return "INVALID_FORMAT", {"reason": told, "recommendation": "Add an example with a value for each."}
    if template.category == "UTILITY" and any(words in text.lower() for words in SALES_TALK):
        return "TAG_CONTENT_MISMATCH", {}
    return "NONE", {}


def may_be_sent(template: Template | None, name: str, language: str) -> Template:
    """The template, if it can be sent. Raises Refusal 132001, 132015 or 132016."""
    if template is None:
        raise Refusal(132001, f"template name ({name}) does not exist in {language}")
    if template.status == "PAUSED":
        raise Refusal(132015, f"template ({name}) is paused due to low quality")
    if template.status == "DISABLED":
        raise Refusal(132016, f"template ({name}) is disabled")
    if template.status != "APPROVED":
        raise Refusal(132001, f"template name ({name}) is not approved in {language}: {template.status}")
    return template


def fill(template: Template, message: Fields) -> Json:
    """The printed template: header, body, footer, buttons. Raises Refusal (132000 to 132012)."""
    given: dict[str, list[Fields]] = {"header": [], "body": []}
    buttons: dict[int, list[Fields]] = {}
    listed = message.children("components", fewest=0, most=20) if message.has("components") else []
    for component in listed:
        kind = str(component.value.get("type", "")).lower()
        values = component.children("parameters", fewest=0, most=40) if component.has("parameters") else []
        if kind == "button":
            buttons[int(component.number("index", 0, MOST_BUTTONS - 1))] = values
        elif kind in given:
            given[kind] = values
        else:
            raise Refusal(132012, f"component of type {kind!r} is not part of the template")
    printed: Json = {"body": _printed(template, "BODY", given["body"])}
    printed |= _header(template, given["header"])
    if footer := template.part("FOOTER").get("text"):
        printed["footer"] = footer
    if template.buttons:
        printed["buttons"] = [_button(each, buttons.get(at, [])) for at, each in enumerate(template.buttons)]
    if len(str(printed["body"])) > LONGEST_BODY:
        raise Refusal(132005, f"body: the translated text has more than {LONGEST_BODY} characters")
    return printed


def _header(template: Template, values: list[Fields]) -> Json:
    header = template.part("HEADER")
    form = str(header.get("format", "TEXT")).upper()
    if not header:
        if values:
            raise Refusal(132000, _count_told("header", len(values), 0))
        return {}
    if form not in MEDIA_FORMATS:
        return {"header": _printed(template, "HEADER", values)}
    kind = MEDIA_FORMATS[form]
    if len(values) != 1 or values[0].value.get("type") != kind:
        found = values[0].value.get("type") if values else "none"
        raise Refusal(132012, f"header: Format mismatch, expected {form}, received {str(found).upper()}")
    media = values[0].child(kind)
    check_media(media, kind)
    return {"media": {"type": kind, **media.value}}


def _button(button: Json, values: list[Fields]) -> Json:
    kind = str(button.get("type"))
    told: Json = {"type": kind, "text": button.get("text", "")}
    url = str(button.get("url", ""))
    needed = len(VARIABLE.findall(url)) if kind == "URL" else int(kind in {"COPY_CODE", "OTP"})
    if kind == "QUICK_REPLY":
        told["payload"] = values[0].text("payload", 128) if values else button.get("text", "")
        return told
    if len(values) != needed:
        raise Refusal(132000, _count_told("button", len(values), needed))
    text = str(values[0].value.get("text") or values[0].value.get("coupon_code", "")) if values else ""
    if kind == "OTP" and len(text) > LONGEST_CODE:
        raise Refusal(132005, f"button: a code may have at most {LONGEST_CODE} characters")
    if kind == "URL":
        told["url"] = VARIABLE.sub(lambda _: text, url)
    elif kind == "PHONE_NUMBER":
        told["phone_number"] = button.get("phone_number", "")
    elif text:
        told["code"] = text
    return told


def _printed(template: Template, kind: str, values: list[Fields]) -> str:
    """A text with its variables filled in."""
    text = str(template.part(kind).get("text", ""))
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    if len(values) != len(names):
        raise Refusal(132000, _count_told(kind.lower(), len(values), len(names)))
    filled = {}
    for at, value in enumerate(values):
        name = str(value.value.get("parameter_name", "")) if template.named else str(at + 1)
        if name not in names:
            raise Refusal(132012, f"{kind.lower()}: parameter name {name!r} is not in the template")
        filled[name] = _value(value, kind.lower())
    return VARIABLE.sub(lambda found: filled[found[1]], text)


def _value(value: Fields, where: str) -> str:
    """The text of a parameter; currency and date_time give their fallback."""
    kind = value.value.get("type")
    if kind in {"currency", "date_time"}:
        return value.child(str(kind)).text("fallback_value", LONGEST_BODY)
    if kind != "text":
        raise Refusal(132012, f"{where}: Format mismatch, expected TEXT, received {str(kind).upper()}")
    text = value.value.get("text")
    if not isinstance(text, str) or not text:
        raise Refusal(131008, "Parameter of type text is missing text value")
    if RUNS_OF_SPACES.search(text):
        told = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        raise Refusal(132007, f"{where}: {told}")
    return text


def _count_told(where: str, given: int, expected: int) -> str:
    return (
        f"{where}: number of localizable_params ({given}) does not match the expected number of params "
        f"({expected})"
    )
