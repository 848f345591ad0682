"""What the staff board says of people: where they are signed in, passkeys and PINs, letting somebody in."""

from typing import Final

from guestlink.language import N_

PEOPLE_WORDS: Final = {
    "this_device": N_("This device"),
    "some_browser": N_("A browser"),
    "came_code": N_("Since {time}, by a code."),
    "came_link": N_("Since {time}, by a link."),
    "came_passkey": N_("Since {time}, by a passkey."),
    "came_pin": N_("Since {time}, by a PIN."),
    "last_seen": N_("Last used {time}."),
    "do_leave": N_("Sign out"),
    "do_leave_there": N_("Sign out there"),
    "do_remove": N_("Remove"),
    "do_what_to": N_("{verb}: {what}"),
    "passkey_number": N_("Passkey {number}"),
    "made_on": N_("Made on {time}."),
    "used_on": N_("Last used on {time}."),
    "never_used": N_("Not used yet."),
    "passkey_removed": N_("It lets nobody in any more. Remove it from your device, too."),
    "pin_set": N_("Set a PIN"),
    "pin_change": N_("Change the PIN"),
    "pin_kept": N_("Done. On this device, this PIN brings you back."),
    "pin_forgotten": N_("This device knows no PIN of yours any more."),
    "pin_weak": N_("Somebody would guess this one first. Choose four to eight other digits."),
    "pin_wrong": N_("This PIN does not count. After five wrong ones in a row it is gone."),
    "pin_gone": N_("The PIN of {name} is gone after five wrong ones. A code or a link lets them in."),
    "nobody_has_pin": N_(
        "Nobody else has set a PIN on this device. Sign out, so that somebody else can sign in; then set a "
        "PIN under “How you sign in”, and next time this is quick."
    ),
    "no_colleague": N_("There is nobody whom you can let in."),
    "role_staff": N_("Staff"),
    "role_manager": N_("Manager"),
    "role_host": N_("Host"),
    "link_of": N_("Whoever opens this link first is signed in as {name}. Give it to nobody else."),
    "copied": N_("Copied."),
    "copy_yourself": N_("This browser does not copy by itself. The link is marked: copy it now."),
    "nowhere_in": N_("They are signed in nowhere."),
    "is_out": N_("{name} is signed out everywhere."),
}
