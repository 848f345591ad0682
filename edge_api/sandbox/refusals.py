"""What the Cloud API says no with: the exception of the rules, and the bodies it becomes."""

from edge_api.sandbox.codes import CODES, Code

Json = dict[str, object]
HREF = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
NO_SUCH_OBJECT = 33  # subcode of code 100


class Refusal(Exception):
    """The Cloud API's no. `details` says which parameter, and what would have been right."""

    def __init__(self, code: int, details: str = "", *, message: str = "", subcode: int = 0) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.known = CODES.get(code, Code(400, "Unknown error", ""))
        self.details = details or self.known.details
        self.message = message or f"(#{code}) {self.known.title}"
        self.subcode = subcode

    @property
    def status(self) -> int:
        return self.known.status

    def body(self, trace: str) -> Json:
        """The body of a Graph answer."""
        kind = "GraphMethodException" if self.subcode == NO_SUCH_OBJECT else "OAuthException"
        error: Json = {"message": self.message, "type": kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.code not in {0, 190, 2200} and not self.subcode:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": error | {"fbtrace_id": trace}}

    def in_status(self) -> Json:
        """The same as it stands among the `errors` of a `failed` status."""
        told = {"code": self.code, "title": self.known.title, "message": self.known.title}
        return told | {"error_data": {"details": self.details}, "href": HREF}


def missing(name: str) -> Refusal:
    return Refusal(
        100, f"The parameter {name} is required.", message=f"(#100) The parameter {name} is required."
    )


def no_such_object(kind: str, object_id: str) -> Refusal:
    """What Graph says of an id that it does not have, or does not show to this token."""
    told = (
        f"Unsupported {kind} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation "
        "at https://developers.facebook.com/docs/graph-api"
    )
    return Refusal(100, told, message=told, subcode=NO_SUCH_OBJECT)
