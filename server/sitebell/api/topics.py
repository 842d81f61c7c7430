"""The interests that a site offers its visitors: read and replaced by its back end."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length
from sqlalchemy.orm import Session

from sitebell.api.browser_schemas import TopicAnswer
from sitebell.models import Site
from sitebell.services.topics import LONGEST_NAME, LONGEST_TITLE, MAX_TOPICS, count_choices, list_topics, set_topics
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import store
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.routes import Routes
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import text

EXAMPLE_TOPICS = {"topics": [{"name": "offers", "title": "Offers of the week"}, {"name": "news", "title": "News"}]}

topics = Routes("topics", __name__, url_prefix="/v1/topics", description="What visitors may choose, with an API key.")


class TopicBody(Strict):
    """An interest to offer."""

    name = text(LONGEST_NAME, required=True, metadata={"description": "Letters, digits, points, - and _."})
    title = text(LONGEST_TITLE, required=True, metadata={"description": "What the visitor reads."})


class TopicsBody(Strict):
    """The whole list, in the order in which it is offered."""

    topics = fields.List(fields.Nested(TopicBody), required=True, validate=Length(max=MAX_TOPICS))


class CountedTopicAnswer(TopicAnswer):
    """An interest, and how many browsers have chosen it."""

    chosen = fields.Integer(required=True, metadata={"description": "Browsers, whether or not subscribed now."})


class TopicsAnswer(Answer):
    """A site's topics."""

    topics = fields.List(fields.Nested(CountedTopicAnswer), required=True)


@topics.route("", methods=["GET"])
@topics.doc(security=SECURITY)
@needs("read")
@topics.response(200, TopicsAnswer)
@topics.fails(*API_KEY)
def get_topics() -> dict[str, Any]:
    """Read the site's topics."""
    with store().reading() as session:
        return _show(session, sender_site())


@topics.route("", methods=["PUT"])
@topics.doc(security=SECURITY)
@needs("manage")
@topics.arguments(TopicsBody, example=EXAMPLE_TOPICS)
@topics.response(200, TopicsAnswer)
@topics.fails(*API_KEY, *BODY, "invalid_topic")
def put_topics(body: dict[str, Any]) -> dict[str, Any]:
    """Replace the site's topics.

    A topic that stays in the list keeps the browsers that chose it; one that is left out is removed with its choices.
    """
    with store().writing() as session:
        site = session.merge(sender_site(), load=False)
        set_topics(session, site, [(topic["name"], topic["title"]) for topic in body["topics"]])
        return _show(session, site)


def _show(session: Session, site: Site) -> dict[str, Any]:
    chosen = count_choices(session, site)
    return {
        "topics": [
            {"name": topic.name, "title": topic.title, "chosen": chosen[topic.name]}
            for topic in list_topics(session, site)
        ]
    }
