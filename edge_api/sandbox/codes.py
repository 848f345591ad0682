"""The codes of the Cloud API with HTTP status, title and details. A table and nothing else.

Source: Meta, WhatsApp Business Platform, Support, Error codes.
"""

from typing import NamedTuple


class Code(NamedTuple):
    """HTTP status, title, and the details to give when nobody knows better."""

    status: int
    title: str
    details: str


CODES: dict[int, Code] = {
    0: Code(401, "AuthException", "We were unable to authenticate the app user."),
    1: Code(400, "An unknown error occurred", "Invalid request or possible server error."),
    2: Code(503, "Service temporarily unavailable", "Temporary due to downtime or due to being overloaded."),
    3: Code(
        500,
        "Application does not have the capability to make this API call.",
        "Capability or permissions issue.",
    ),
    4: Code(400, "Application request limit reached", "The app has reached its API call rate limit."),
    10: Code(
        403,
        "Application does not have permission for this action",
        "Permission is either not granted or has been removed.",
    ),
    33: Code(400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: Code(
        400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."
    ),
    190: Code(
        401, "Invalid OAuth access token - Cannot parse access token", "Your access token has expired."
    ),
    200: Code(
        403,
        "You do not have the necessary permissions",
        "Permission is either not granted or has been removed.",
    ),
    368: Code(
        403,
        "Temporarily blocked for policies violations",
        "The account has been restricted for violating a policy.",
    ),
    2200: Code(400, "Callback verification failed", "The URL could not be validated."),
    80007: Code(400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130429: Code(400, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Code(
        400, "User's number is part of an experiment", "Message was not sent as part of an experiment."
    ),
    130497: Code(
        403,
        "Business account is restricted from messaging users in this country.",
        "The account is restricted.",
    ),
    131000: Code(500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: Code(403, "Access denied", "Permission is either not granted or has been removed."),
    131008: Code(400, "Required parameter is missing", "The request is missing a required parameter."),
    131009: Code(400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: Code(503, "Service unavailable", "A service is temporarily unavailable."),
    131021: Code(400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: Code(400, "Message undeliverable", "Message Undeliverable."),
    131030: Code(
        400,
        "Recipient phone number not in allowed list",
        "Add recipient phone number to recipient list and try again.",
    ),
    131031: Code(
        403, "Account has been locked", "The account has been restricted or disabled for violating a policy."
    ),
    131037: Code(
        400, "Display name approval is required", "The phone number's display name has not been approved."
    ),
    131042: Code(
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment method.",
    ),
    131045: Code(
        500, "Incorrect certificate", "Message failed to send due to a phone number registration error."
    ),
    131047: Code(
        400,
        "Re-engagement message",
        "More than 24 hours have passed since the customer last replied to this number.",
    ),
    131048: Code(
        400,
        "Spam rate limit hit",
        "There are restrictions on how many messages can be sent from this phone number.",
    ),
    131049: Code(
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131050: Code(
        400,
        "User has stopped marketing messages",
        "This recipient has chosen to stop receiving marketing messages from your business.",
    ),
    131051: Code(400, "Unsupported message type", "Message type is currently not supported."),
    131052: Code(400, "Media download error", "Unable to download the media sent by the user."),
    131053: Code(400, "Media upload error", "Unable to upload the media used in the message."),
    131056: Code(
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages from this phone number to the same phone number in a short time.",
    ),
    131057: Code(503, "Account in maintenance mode", "Business account is in maintenance mode."),
    131062: Code(
        400,
        "Business-scoped User ID recipients are not supported for this message.",
        "Send the message to a phone number.",
    ),
    131064: Code(
        403,
        "Messaging limit reached",
        "This account has reached its messaging limit due to template classification violations.",
    ),
    132000: Code(
        400,
        "Number of parameters does not match the expected number of params",
        "The number of variable parameter values did not match the number defined in the template.",
    ),
    132001: Code(
        404,
        "Template name does not exist in the translation",
        "The template does not exist in the specified language or has not been approved.",
    ),
    132005: Code(400, "Translated text too long", "Translated text is too long."),
    132007: Code(
        400, "Template format character policy violated", "Template content violates a WhatsApp policy."
    ),
    132012: Code(
        400,
        "Parameter format does not match format in the created template",
        "Variable parameter values formatted incorrectly.",
    ),
    132015: Code(
        400,
        "Template is paused",
        "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
    132016: Code(
        400,
        "Template is disabled",
        "Template has been paused too many times due to low quality and is now permanently disabled.",
    ),
    133004: Code(503, "Server temporarily unavailable", "Server is temporarily unavailable."),
    133010: Code(
        400,
        "Account not registered",
        "The account is not registered. Register it with the /register endpoint first.",
    ),
    133016: Code(400, "Account register deregister rate limit exceeded", "Too many registration attempts."),
    135000: Code(
        400,
        "Generic user error",
        "Message failed to send because of an unknown error with your request parameters.",
    ),
}
