"""What a code of the Cloud API or of a mail server means: what to do next, in which words, after how long.
Pure.

Meta's codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
A mail server's replies of 400 to 599 (RFC 5321, 4.2.3) stand as they came, Meta has no codes there; one that
is about us and not about the message stands below zero. Codes below zero are our own. A code here always
stands for a message that was not delivered for certain.
"""

from datetime import timedelta
from typing import Final, Literal

from guestlink.language import N_

Action = Literal["retry", "wait-long", "never", "template", "phone", "media", "configure", "stopped"]

NO_CONNECTION: Final = -1  # nothing was sent: refused, no such host, no connection in time
NOT_KEPT: Final = -2  # a file that is too large, of another kind than it says, or of one that is not kept
FOREIGN_ADDRESS: Final = -3  # a file that would have to be fetched from somewhere else than Meta
CANNOT_BE_SAID: Final = -4  # no request can be made of the message
NO_MAIL_SERVER: Final = -5  # no e-mail was sent: refused, reset or silent before its end
NO_ENCRYPTION: Final = -6  # the mail server offers none, or its certificate is not valid
NO_ADDRESS: Final = -7  # nothing that a mail server takes for an address
BUSY: Final = -429  # as every HTTP status of 400 to 499 without a code of the Cloud API: below zero

PAIR_TOO_FAST: Final = 131056
HEALTHY_ECOSYSTEM: Final = 131049
FIRST_LONG_WAIT: Final = timedelta(hours=1)
LONGEST_LONG_WAIT: Final = timedelta(hours=12)
LONGEST_WAIT: Final = timedelta(minutes=15)
LONGEST_PAIR_WAIT: Final = timedelta(hours=1)
FIRST_MAIL_WAIT: Final = timedelta(minutes=5)  # greylisting lets pass who comes back after some minutes
LONGEST_MAIL_WAIT: Final = timedelta(hours=2)

MAIL_LATER: Final = frozenset(range(400, 500))
MAIL_NEVER: Final = frozenset(range(500, 600))
MAIL: Final = MAIL_LATER | MAIL_NEVER
MAIL_CLOSES: Final = 421  # to everybody
NOT_REACHED: Final = frozenset({NO_CONNECTION, NO_MAIL_SERVER})
RETRY: Final = frozenset(
    {*NOT_REACHED, BUSY, MAIL_CLOSES, 2, 4, 80007, 130429, 131000, 131016, PAIR_TOO_FAST, 131057, 133004}
)
WAIT_LONG: Final = frozenset({131048, HEALTHY_ECOSYSTEM, 132015, 133016})
NEVER: Final = frozenset({CANNOT_BE_SAID, NO_ADDRESS, 131026, 131050, 130472, 131021, 131051})
STOPPED: Final = frozenset({368, 131031, 130497, 131064})
ACCESS: Final = frozenset({0, 3, 10, 190, 131005, *range(200, 300)})
CONFIGURE: Final = ACCESS | {33, 100, 131008, 131009, 131037, 131042, 131045, 133010, *range(132000, 132017)}
ROUTES: Final[dict[int, Action]] = {
    131047: "template",
    131062: "phone",
    131052: "media",
    131053: "media",
    NOT_KEPT: "media",
    FOREIGN_ADDRESS: "media",
}
ACTIONS: Final[dict[Action, frozenset[int]]] = {
    "retry": RETRY | MAIL_LATER,
    "wait-long": WAIT_LONG,
    "never": NEVER | MAIL_NEVER,
    "stopped": STOPPED,
}

WORDS: Final[dict[int, str]] = {
    NO_CONNECTION: N_("WhatsApp could not be reached."),
    NOT_KEPT: N_("The file is too large, or of a kind that is not kept."),
    FOREIGN_ADDRESS: N_("The file does not lie at WhatsApp, so it was not fetched."),
    CANNOT_BE_SAID: N_("WhatsApp cannot carry a message of this kind."),
    NO_MAIL_SERVER: N_("The mail server could not be reached."),
    NO_ENCRYPTION: N_("The mail server offers no encryption that can be trusted."),
    NO_ADDRESS: N_("This is no e-mail address that can be written to."),
    -530: N_("The mail server wants a name and a password."),
    -535: N_("The mail server does not take our name and password."),
    368: N_("Meta has blocked the account for breaking a policy."),
    130472: N_("WhatsApp leaves this person out of messages for an experiment."),
    130497: N_("Meta does not let the account write to people in this country."),
    131021: N_("The number is our own."),
    131026: N_("The number is not on WhatsApp, or WhatsApp cannot deliver to it."),
    131030: N_("The test number may not write to this number yet. Add it to the recipients in Meta’s app."),
    131031: N_("Meta has locked the account."),
    131037: N_("Meta has not approved the display name of our number yet."),
    131042: N_("Something is wrong with the payment method of the WhatsApp account."),
    131045: N_("Our number is not registered with WhatsApp correctly."),
    131047: N_("The guest wrote more than 24 hours ago, so only an approved template may be sent."),
    131048: N_("WhatsApp holds our number back because people blocked or reported it."),
    HEALTHY_ECOSYSTEM: N_("WhatsApp held the message back because this person gets many of its kind."),
    131050: N_("This person does not want such messages from us."),
    131051: N_("WhatsApp cannot carry a message of this kind."),
    131052: N_("WhatsApp could not hand over the file."),
    131053: N_("WhatsApp did not take the file."),
    PAIR_TOO_FAST: N_("Too many messages to this person in a short time."),
    131062: N_("This message needs the person’s phone number, which WhatsApp does not show."),
    131064: N_("Meta has limited the account because templates are in the wrong category."),
    132001: N_("The message template is not approved in this language."),
    132015: N_("Meta has paused the message template because of low quality."),
    552: N_("The mailbox is full, or the message too large for it."),
    132016: N_("Meta has switched the message template off because of low quality."),
    133010: N_("Our number is not registered with WhatsApp."),
    133016: N_("Our number was registered and removed too often."),
}
OF_ACTIONS: Final[dict[Action, str]] = {
    "retry": N_("WhatsApp was too busy, or had trouble."),
    "wait-long": N_("WhatsApp asks us to wait for some hours."),
    "configure": N_("WhatsApp refused the message: our number or account is not set up right."),
    "stopped": N_("Meta has stopped the account."),
}
UNKNOWN: Final = N_("WhatsApp refused the message for a reason that we do not know.")
NO_ACCESS: Final = N_("The access token does not work, or does not have the rights that are needed.")
MAIL_BUSY: Final = N_("The mail server asked us to try again later.")
MAIL_REFUSED: Final = N_("The mail server refused the address or the message.")
MAIL_NOT_LET: Final = N_("The mail server does not let us send: something is not set up right.")
NO_FIT: Final = N_("The message does not fit its template at Meta.")


def action_of(code: int) -> Action:
    """What to do about a message that was refused or failed with `code`.

    A code that nobody knows proves non-delivery and nothing else: no retry, and a person has to look, so
    it is `configure`. 132015 is a pause that ends by itself, not a fault of the configuration.
    """
    if code in ROUTES:
        return ROUTES[code]
    return next((action for action, codes in ACTIONS.items() if code in codes), "configure")


def is_known(code: int) -> bool:
    """Whether Meta's table has this code; any other proves nothing when it comes with a server's error."""
    is_metas = code > NO_CONNECTION and code not in MAIL
    return is_metas and (code in CONFIGURE or code in ROUTES or action_of(code) != "configure")


def is_of_mail(code: int) -> bool:
    """Whether it says how things stand with the mail server, or with a message that it got."""
    return code in MAIL or -code in MAIL_NEVER or code in {NO_MAIL_SERVER, NO_ENCRYPTION, NO_ADDRESS}


def words_of(code: int) -> str:
    """One sentence for hosts, to be translated where it is shown."""
    if code in WORDS:
        return WORDS[code]
    if code in ACCESS:
        return NO_ACCESS
    if code in range(132000, 132017):
        return NO_FIT
    if is_of_mail(code):
        return MAIL_BUSY if code in MAIL_LATER else MAIL_REFUSED if code in MAIL_NEVER else MAIL_NOT_LET
    action = action_of(code)
    return UNKNOWN if action == "configure" and code not in CONFIGURE else OF_ACTIONS[action]


def wait_after(action: Action, attempt: int, *, code: int = 0) -> timedelta:
    """How long to wait before the next try, after `attempt` tries (1 after the first); zero means at once.

    131056 waits 4^n seconds and 131049 a day, as Meta says; others double, up to a quarter of an hour
    (`retry`) or half a day (`wait-long`). A mail server that says "later" is asked again after five minutes,
    then twice as long, up to two hours. For what is not tried again it is zero.
    """
    step = min(max(attempt, 1), 12)
    if code == HEALTHY_ECOSYSTEM:
        return timedelta(hours=24)
    if code == PAIR_TOO_FAST:
        return min(timedelta(seconds=1 << 2 * step), LONGEST_PAIR_WAIT)
    if code in MAIL_LATER:
        return min(FIRST_MAIL_WAIT * (1 << (step - 1)), LONGEST_MAIL_WAIT)
    if action == "retry":
        return min(timedelta(seconds=1 << (step - 1)), LONGEST_WAIT)
    if action == "wait-long":
        return min(FIRST_LONG_WAIT * (1 << (step - 1)), LONGEST_LONG_WAIT)
    return timedelta(0)
