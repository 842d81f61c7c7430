"""What the bodies of other vendors' callers have in common."""

from marshmallow import EXCLUDE

from sitebell.web.schemas import Shape


class Body(Shape):
    """A body of a vendor's callers: it may say more than is understood here, and that is passed over."""

    class Meta:
        """Options of marshmallow."""

        unknown = EXCLUDE
