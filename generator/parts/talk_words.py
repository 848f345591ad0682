"""What the staff board says about conversations with guests."""

from typing import Final

from guestlink.language import N_

TALK_WORDS: Final = {
    # with whom, and what was said
    "conversation": N_("Conversation"),
    "somebody": N_("somebody"),
    "calls_themselves": N_("“{name}”"),
    "last_ours": N_("We: {words}"),
    "last_automatic": N_("Automatic: {words}"),
    "kind_image": N_("Photo"),
    "kind_video": N_("Video"),
    "kind_audio": N_("Recording"),
    "kind_voice": N_("Voice message"),
    "kind_document": N_("Document"),
    "kind_file": N_("File"),
    "kind_sticker": N_("Sticker"),
    "kind_location": N_("Place on the map"),
    "kind_contacts": N_("Contact"),
    "kind_reaction": N_("Reaction"),
    "kind_edit": N_("Changed message"),
    "kind_revoke": N_("Message taken back"),
    "kind_else": N_("Something that cannot be shown here"),
    "has_it": N_("with {name}"),
    "writes": N_("{name} is writing"),
    "heard_wrote": N_("{name}, {unit}, writes: {words}"),
    "heard_here": N_("New message: {words}"),
    # the thread
    "moment": N_("One moment."),
    "on_whatsapp": N_("WhatsApp"),
    "on_mail": N_("E-mail"),
    "open_stay": N_("Stay"),
    "news": N_("New: {n}"),
    "automatic": N_("Automatic"),
    "edited": N_("changed by the guest"),
    "taken_back": N_("taken back by the guest"),
    "reacted": N_("Reaction: {words}"),
    "earlier": N_("An earlier message"),
    "on_the_map": N_("On the map: {place}"),
    "file_waits": N_("{what}: being fetched"),
    "file_refused": N_("{what} is not here. {reason}"),
    "file_save": N_("{what}, {size}"),
    "note_of": N_("Note for the house alone, {name}, {time}"),
    "fate_waiting": N_("being sent"),
    "fate_sent": N_("sent"),
    "fate_delivered": N_("delivered"),
    "fate_read": N_("read"),
    "fate_played": N_("listened to"),
    "fate_dead": N_("could not be sent"),
    "fate_announced": N_("announced; your words follow when the guest writes"),
    "fate_in_doubt": N_("we don't know if it arrived"),
    "fate_dropped": N_("given up"),
    "fate_unknown": N_("we don't know if it left: there was no connection"),
    # who has it
    "no_house": N_("no house yet"),
    "nobody": N_("Nobody has it"),
    "somebody_else": N_("Somebody who has left"),
    "who_has": N_("Who has it: {name}"),
    # writing
    "open_until": N_("Open until {time}, {left} more."),
    "window_closed": N_(
        "The guest wrote more than 24 hours ago. WhatsApp allows this message now; your own words follow as "
        "soon as the guest writes."
    ),
    "template_in": N_("What the guest reads first, in {language}:"),
    "by_mail": N_("This goes out by e-mail."),
    "costs": N_("It costs {price}."),
    "costs_nothing": N_("It costs nothing."),
    "call_them": N_("Call {address}"),
    "mail_them": N_("Write to {address}"),
    "no_line_to_write": N_("There is no connection. Nothing can be sent until it is back."),
}
