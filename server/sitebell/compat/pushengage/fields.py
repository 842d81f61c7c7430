"""Fields as forms write them: everything is a text, and what stands alone may be a list of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from marshmallow import ValidationError, fields, missing
from marshmallow.validate import Length

Loaded = TypeVar("Loaded")

LONGEST_NUMBER = 9
MOMENT = "%Y-%m-%d %H:%M:%S"


class Optional(fields.Field[Loaded]):
    """A field that forms also send empty, which says as little as leaving it out."""

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kw: Any) -> Any:
        """Return what is loaded of a value, or of none where it is empty: nothing is checked of what says nothing."""
        return super().deserialize(missing if value == "" else value, attr, data, **kw)


class Blankable(Optional[str], fields.String):
    """A text that may be empty; loaded as None then."""

    def __init__(self, maximum: int, **options: Any) -> None:
        rules = [Length(max=maximum), *options.pop("validate", ())]
        super().__init__(validate=rules, load_default=None, allow_none=False, **options)


class Number(Optional[int]):
    """A whole number between two bounds, or its digits; it may be empty."""

    def __init__(self, minimum: int, maximum: int, **options: Any) -> None:
        self.bounds = (minimum, maximum)
        digits = {"type": "string", "pattern": f"^[0-9]{{0,{LONGEST_NUMBER}}}$"}
        shape = {"anyOf": [{"type": "integer", "minimum": minimum, "maximum": maximum}, digits]}
        super().__init__(metadata=shape | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        is_text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
        number = int(value) if is_text or (isinstance(value, int) and not isinstance(value, bool)) else None
        if number is None or not self.bounds[0] <= number <= self.bounds[1]:
            raise ValidationError(f"Write a whole number from {self.bounds[0]} to {self.bounds[1]}.")
        return number


class Switch(Optional[bool]):
    """Yes and no as 1 and 0, true and false; no where it is empty."""

    WORDS: ClassVar[Mapping[Any, bool]] = {"0": False, "1": True, "false": False, "true": True}

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"enum": [0, 1, True, False, *self.WORDS, ""]}, load_default=False, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        word = str(value).lower() if isinstance(value, str | int) else None  # Python's clients write True
        if word not in self.WORDS:
            raise ValidationError("Write 0 or 1, true or false.")
        return self.WORDS[word]


class Names(fields.Field[list[str]]):
    """One name or several, none of them empty; a number is a name, too. Nothing was said where it is left out."""

    def __init__(self, most: int, longest: int, **options: Any) -> None:
        self.most, self.longest = most, longest
        one: dict[str, Any] = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": longest}, _NUMBER]}
        several = {"type": "array", "items": one, "minItems": 1, "maxItems": most}
        if not options.get("required"):
            options["load_default"] = ()
        super().__init__(metadata={"anyOf": [*one["anyOf"], several]} | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:  # noqa: ARG002
        entries = value if isinstance(value, list) else [value]
        if not 1 <= len(entries) <= self.most:
            raise ValidationError(f"Name 1 to {self.most}, or leave it out.")
        return [self._name(entry) for entry in entries]

    def _name(self, entry: Any) -> str:
        name = str(entry) if isinstance(entry, int) and not isinstance(entry, bool) and entry >= 0 else entry
        if not isinstance(name, str) or not 1 <= len(name) <= self.longest:
            raise ValidationError(f"Each is 1 to {self.longest} characters.")
        return name


class LocalMoment(Optional[datetime]):
    """A moment by the site's own clock, `YYYY-MM-DD HH:mm:ss`; loaded without its zone, which the site knows."""

    def __init__(self, **options: Any) -> None:
        pattern = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})?$"
        shape = {"type": "string", "pattern": pattern} | options.pop("metadata", {})
        super().__init__(metadata=shape, load_default=None, allow_none=False, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:  # noqa: ARG002
        try:
            if isinstance(value, str) and value.isascii() and len(value) == len("2026-12-24 18:00:00"):
                return datetime.strptime(value, MOMENT)  # noqa: DTZ007  (the site says which zone is meant)
        except ValueError:
            pass
        raise ValidationError("Write YYYY-MM-DD HH:mm:ss, in the site's time zone.")


_NUMBER = {"type": "integer", "minimum": 0}
