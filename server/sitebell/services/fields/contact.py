"""E-mail addresses and phone numbers in the one form in which they are stored and found."""

import email_validator
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from sitebell.errors import Invalid

LONGEST_EMAIL = 254
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # local, test, ...: staging systems and intranets have people, too


def normalise_email(address: object) -> str:
    """Return the address in lower case, its domain as Unicode; nobody asks whether mail arrives there.

    Raises:
        Invalid: `invalid_email`, with the reason.
    """
    reason = "This is no text."
    try:
        if isinstance(address, str):
            checked = validate_email(address.strip(), check_deliverability=False, globally_deliverable=False)
            email = checked.normalized.lower()
            if len(email) <= LONGEST_EMAIL:
                return email
            reason = f"This one has more than {LONGEST_EMAIL} characters."
    except EmailNotValidError as error:
        reason = str(error)
    raise Invalid("invalid_email", f"An e-mail address looks like ann@example.com. {reason}")


def normalise_phone(number: object) -> str:
    """Return the number as E.164 writes it: +, country code, number, at most 15 digits.

    Raises:
        Invalid: `invalid_phone`.
    """
    try:
        if isinstance(number, str):
            parsed = phonenumbers.parse(number)
            if phonenumbers.is_possible_number(parsed):
                return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    raise Invalid("invalid_phone", "A phone number begins with + and its country's code, such as +49 30 901820.")
