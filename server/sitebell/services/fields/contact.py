"""E-mail addresses and phone numbers in the one form in which they are stored and found."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from sitebell.errors import Invalid

LONGEST_EMAIL = 254


def normalise_email(address: object) -> str:
    """Return the address in lower case, its domain as Unicode; nobody's mail server is asked.

    Raises:
        Invalid: `invalid_email`.
    """
    try:
        if isinstance(address, str):
            email = validate_email(address.strip(), check_deliverability=False).normalized.lower()
            if len(email) <= LONGEST_EMAIL:
                return email
    except EmailNotValidError:
        pass
    raise Invalid("invalid_email", "An e-mail address looks like ann@example.com.")


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
