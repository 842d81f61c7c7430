"""What a site's back end asks before it sends: how many browsers an audience reaches."""

from typing import Any

from sitebell.api.audience_schemas import EXAMPLE_PREVIEW, PreviewAnswer, PreviewBody
from sitebell.services.audiences import preview_audience
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, AUDIENCE, BODY
from sitebell.web.routes import Routes

audiences = Routes(
    "audiences", __name__, url_prefix="/v1/audiences", description="Whom a message would reach, with an API key."
)


@audiences.route("/preview", methods=["POST"])
@audiences.doc(security=SECURITY)
@needs("read")
@audiences.arguments(PreviewBody, example=EXAMPLE_PREVIEW)
@audiences.response(200, PreviewAnswer)
@audiences.fails(*API_KEY, *BODY, *AUDIENCE, "too_slow")
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """Count an audience as sending would reach it now."""
    with store().reading() as session:
        found = preview_audience(session, sender_site(), body["audience"], now, is_verified=body["verified"])
    return {
        "count": found.count,
        "sample": [{"subscriber_hash": hash_, "profile_id": profile_id} for hash_, profile_id in found.sample],
    }
