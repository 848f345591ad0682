"""What of the sandbox's behaviour can be changed while it runs: PATCH /sandbox/settings."""

import msgspec


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Times are seconds of the sandbox's clock unless they say otherwise."""

    # -- what becomes of a message that was accepted
    sent_after: float = 0.0
    delivered_after: float = 0.15
    read_after: float = 0.3  # of people who read at once
    late_refusals: bool = (
        False  # 131026, 131047, 131049, 131050 as `failed` statuses, as Meta mostly tells them
    )
    # -- limits; 0 switches one off
    per_second: int = 80  # 20 for a number that is shared with the Business app
    pair_every: float = 6.0
    pair_burst: int = 45
    # -- who can be written to
    strangers: str = "refuse"  # or "create": every phone number is somebody with WhatsApp
    allowed: list[str] | None = None  # a test number's list of recipients: any other is 131030
    # -- templates
    review_after: float = 1.0
    rejects: dict[str, str] = {}  # template name -> reason
    # -- webhooks
    batch: int = 1  # most updates in one POST
    gather: float = 0.05  # how long to wait for a batch to fill
    duplicates: float = 0.0  # chance that a POST is repeated
    disorder: float = 0.0  # chance that a POST is held back behind later ones
    held_back: float = 0.5  # for how long
    retry_first: float = 1.0  # doubles with every try, up to an hour
    give_up_after: float = 7 * 24 * 3600.0
    patience: float = 10.0  # real seconds to wait for an answer
    at_once: int = 8  # POSTs under way

    def mistake(self) -> str:
        """What is wrong, or nothing."""
        if self.strangers not in {"refuse", "create"}:
            return "strangers is refuse or create"
        if not (0 <= self.duplicates <= 1 and 0 <= self.disorder <= 1):
            return "duplicates and disorder are chances from 0 to 1"
        if not 1 <= self.batch <= 1000:
            return "batch is from 1 to 1000"
        if self.at_once < 1:
            return "at_once is at least 1"
        numbers = (getattr(self, name) for name in self.__struct_fields__)
        if any(isinstance(each, int | float) and each < 0 for each in numbers):
            return "numbers are not negative"
        return ""
