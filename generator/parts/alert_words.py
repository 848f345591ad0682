"""What the staff board says about telling somebody, by the browser while it is closed, by a sound else."""

from typing import Final

from guestlink.language import N_

ALERT_WORDS: Final = {
    "tell_on": N_("You are told on this device, also while the board is closed."),
    "tell_not_asked": N_("The browser was not allowed to tell you anything."),
    "tell_denied": N_(
        "This browser does not let the board tell you anything. Allow notifications for this page in the "
        "browser’s settings, then turn it on again."
    ),
    "tell_never": N_("This browser cannot tell you anything while the board is closed. Try another one."),
    "tell_apple": N_(
        "On an iPhone or iPad, add this page to the home screen first: Share, then Add to Home Screen. Open "
        "it from there and turn this on."
    ),
    "tell_failed": N_(
        "It could not be turned on: the browser’s push service does not answer. Try again later."
    ),
    "sound_blocked": N_("The browser keeps the sound off until you tap this page once."),
    "sound_never": N_("This browser makes no sound."),
}
