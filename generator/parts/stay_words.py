"""What the scripts of the staff board say of stays: search, the panel of one, a guest's wishes, answers."""

from typing import Final

from guestlink.language import N_

STAY_WORDS: Final = {
    # search
    "found_none": N_("Nothing is found for this."),
    "found": N_("Found: {count}"),
    "by_whatsapp": N_("WhatsApp"),
    "by_email": N_("E-mail"),
    "unknown_guest": N_("Somebody not on file"),
    # one stay
    "phase_booked": N_("Booked"),
    "phase_arriving": N_("Arrives soon"),
    "phase_in_house": N_("In the house"),
    "phase_departing": N_("Leaves today"),
    "phase_departed": N_("Has left"),
    "phase_expired": N_("Left long ago"),
    "status_proposed_cancelled": N_("Cancelled by the portal, not confirmed yet"),
    "status_cancelled": N_("Cancelled"),
    "status_no_show": N_("Did not come"),
    "dates": N_("Dates"),
    "nights": N_("Nights"),
    "room": N_("Room"),
    "comes": N_("Arrival"),
    "goes": N_("Departure"),
    "comes_at": N_("{time}, as they said"),
    "comes_how": N_("How they come"),
    "adults": N_("Adults"),
    "children": N_("Children"),
    "pets": N_("Pets"),
    "speaks": N_("Language"),
    "booked_through": N_("Booked through"),
    "opened_on": N_("Page opened on {day}"),
    "codes_seen_on": N_("Codes seen on {day}"),
    "agreed": N_("Agreed to WhatsApp messages on {day} ({how})"),
    "how_import": N_("with the booking"),
    "how_page": N_("on their page"),
    "how_wrote": N_("by writing first"),
    "how_start": N_("by START"),
    "agreed_not": N_("Has not agreed to WhatsApp messages"),
    "stopped_whatsapp": N_("Wants no WhatsApp messages"),
    "stopped_email": N_("Wants no e-mails"),
    "companion": N_("Companion"),
    "write_to_them": N_("Write to them"),
    "no_requests": N_("Nothing was asked for."),
    "no_talks": N_("No messages."),
    "state_requested": N_("waits since {time}"),
    "state_accepted": N_("accepted by {name}"),
    # for a guest at the desk
    "something_else": N_("Something else"),
    "optional": N_("{label} (not needed)"),
    "choose": N_("Choose"),
    "asked_for": N_("It is on the board, and on the guest’s page."),
    "say_what": N_("Say what the guest needs."),
    "was_asked_desk": N_("{time}: said at the desk, written down by {name}"),
    "was_asked_phone": N_("{time}: said on the phone, written down by {name}"),
    # answers
    "no_answers": N_("The house has no answers written yet."),
    "answers_none": N_("No answer has these words."),
    # who has not looked
    "unseen": N_("{count} of {all} have not opened their page since codes are out"),
}
