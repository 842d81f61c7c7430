"""The two kinds of schemas: bodies refuse what they do not know, answers may grow."""

from typing import Any, Self

from marshmallow import INCLUDE, RAISE, Schema

EXAMPLE_HASH = "0123456789abcdef0123456789abcdef"  # a subscriber's


class Shape(Schema):
    """A schema that is never changed once it is made.

    flask-smorest copies what documents a view once for each of its decorators. Without the copies of all schemas in it
    the web application starts in half the time.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same one."""
        return self


class Strict(Shape):
    """A body whose unknown members are an error: a misspelt name must not be lost in silence."""

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE


class Answer(Shape):
    """An answer; later versions may add members, which clients skip."""

    class Meta:
        """Options of marshmallow."""

        unknown = INCLUDE
