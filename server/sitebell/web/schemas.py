"""The two kinds of schemas: bodies refuse what they do not know, answers may grow."""

from marshmallow import INCLUDE, RAISE, Schema


class Strict(Schema):
    """A body whose unknown members are an error: a misspelt name must not be lost in silence."""

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE


class Answer(Schema):
    """An answer; later versions may add members, which clients skip."""

    class Meta:
        """Options of marshmallow."""

        unknown = INCLUDE
