"""The words and numbers by which systems say whether somebody may be messaged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sitebell.errors import Invalid
from sitebell.models import EnrollmentStatus, SubscriptionStatus, SuspendedBy
from sitebell.services.importing.rows import Person

NUMBERS = {str(status.number): status for status in EnrollmentStatus}  # Altcraft's and ours
SUBSCRIBED_WORDS = ("subscribed", "active")
ENDED_WORDS = ("unsubscribed", "inactive", "denied", "closed", "disabled", "opted_out", "optedout", "opt_out")
WORDS = {
    **dict.fromkeys(SUBSCRIBED_WORDS, SubscriptionStatus.SUBSCRIBED),
    **dict.fromkeys(ENDED_WORDS, SubscriptionStatus.UNSUBSCRIBED),
    "gone": SubscriptionStatus.GONE,
    "expired": SubscriptionStatus.GONE,
}


@dataclass(frozen=True)
class Standing:
    """Whether messages may go to an address, and whether those for the profile that it stands at."""

    subscription: SubscriptionStatus = SubscriptionStatus.SUBSCRIBED
    enrollment: EnrollmentStatus = EnrollmentStatus.SUBSCRIBED

    def applied_to(self, people: Sequence[Person]) -> list[Person]:
        """Return people with this status where they stand, but for those of whom the file says more."""
        cause = SuspendedBy.VISITOR if self.enrollment == EnrollmentStatus.SUSPENDED else None
        return [
            replace(one, status=self.enrollment, suspended_by=cause)
            if one.status == EnrollmentStatus.SUBSCRIBED
            else one
            for one in people
        ]


def read_status(written: str) -> Standing:
    """Return what a word or number means, in whatever case.

    A pause is no opt-out: it is kept at the profile, as is what is wrong with an address.

    Raises:
        Invalid: `invalid_row`, it is none that is known. To guess would end a subscription for good.
    """
    word = written.strip().lower()
    word = NUMBERS.get(word, word)
    if word in WORDS:
        return Standing(WORDS[word])
    try:
        enrollment = EnrollmentStatus(word)
    except ValueError:
        known = ", ".join([*WORDS, *(status for status in EnrollmentStatus if status not in WORDS)])
        raise Invalid("invalid_row", f"{written[:40]} is no status: write one of {known}, or 0 to 6.") from None
    is_ended = enrollment == EnrollmentStatus.COMPLAINED
    return Standing(SubscriptionStatus.UNSUBSCRIBED if is_ended else SubscriptionStatus.SUBSCRIBED, enrollment)
