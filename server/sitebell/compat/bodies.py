"""What the bodies of other vendors' callers have in common."""

from marshmallow import EXCLUDE, Schema


class Body(Schema):
    """A body of a vendor's callers: it may say more than is understood here, and that is passed over."""

    class Meta:
        """Options of marshmallow."""

        unknown = EXCLUDE
