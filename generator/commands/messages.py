"""The words that go with a guest's link, ready to send, as the booking source allows.

Some sources forbid links that lead away from them (`off_platform:` in property.md): their guests get no link
and no number, but where the way in hangs in the house and the code that opens it.
"""

from generator.files.host_content import HostContent
from guestlink.contacts import given_name
from guestlink.language import Catalogue
from guestlink.records import Stay


def message(
    catalogue: Catalogue,
    content: HostContent,
    stay: Stay,
    *,
    name: str,
    link: str,
    guide_code: str,
    word: str,
) -> str:
    """One message to copy. `guide_code` is in its two groups; `word` is the guest's own, or empty."""
    t, house, guest = catalogue.text, content.words_in(stay.language).name, given_name(name)
    if stay.source in content.off_platform:
        lines = [
            t("{name}, we look forward to your stay at {house}.", name=guest, house=house)
            if guest
            else t("We look forward to your stay at {house}.", house=house),
            t("All you need for your stay is on your welcome page: scan the square that hangs in the hall."),
            t("Your guide code for it: {code}", code=guide_code),
        ]
    else:
        lines = [
            t("{name}, this is your welcome page for {house}:", name=guest, house=house)
            if guest
            else t("This is your welcome page for {house}:", house=house),
            link,
            t("Open it once while you have signal: after that it opens without."),
        ]
    if word:
        lines.append(t("Your word: {word}. Whoever writes to you in our name knows it.", word=word))
    return "\n".join(lines)
