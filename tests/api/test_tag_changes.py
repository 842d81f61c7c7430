"""Tags: labels that the site puts on profiles, from its pages on an open site."""

import pytest
from sqlalchemy import select

from sitebell.models import Profile, ProfileTag
from support.shop import Shop
from support.web_application import Json, new_subscription, parts

pytestmark = pytest.mark.shared_app


def tags_of(shop: Shop, answer: Json) -> set[str]:
    """Return the tags of the profile that an answer shows in the site's first database."""
    [profile_id] = [row["profile_id"] for row in answer["enrollments"] if row["database_id"] == shop.database_id]
    with parts(shop.app).store.reading() as session:
        query = select(ProfileTag.tag).join(Profile, Profile.id == ProfileTag.profile_id)
        return set(session.scalars(query.where(Profile.public_id == profile_id)))


def put(shop: Shop, tags: Json, device: Json | None = None) -> Json:
    """Send a change of tags and return the one row of the answer."""
    body = {"subscription": device or new_subscription(), "match": {"external_id": "ann"}, "tags": tags}
    answer = shop.client.put(f"{shop.page}/subscription", json=body).json
    [row] = answer["enrollments"]  # type: ignore[index]
    return dict(row)


def test_tags_are_put_on_and_taken_away(shop: Shop) -> None:
    device = new_subscription()
    shop.subscribe(device, tags={"add": ["vip", "Käse ☃"]})

    answer = shop.subscribe(device, tags={"add": ["new", "vip"], "remove": ["Käse ☃", "never there"]}, intent="refresh")

    assert tags_of(shop, answer) == {"vip", "new"}


def test_tags_belong_to_the_profile_and_do_not_follow_the_browser(shop: Shop) -> None:
    device = new_subscription()
    ann = shop.subscribe(device, match={"external_id": "ann"}, tags={"add": ["vip"]})

    bob = shop.subscribe(device, match={"external_id": "bob"})

    assert (tags_of(shop, ann), tags_of(shop, bob)) == ({"vip"}, set())


@pytest.mark.parametrize("tag", ["two\nlines", "\u200e", " outer", "outer "])
def test_a_tag_that_nobody_could_read_is_the_error_of_its_row(shop: Shop, tag: str) -> None:
    row = put(shop, {"add": ["good", tag]})

    assert (row["status"], row["error"]) == ("error", "invalid_tag")
    assert shop.reached({"tags": ["good"]}) == set()


@pytest.mark.parametrize("tags", [["vip"], {"set": ["vip"]}, {"add": "vip"}, {"add": [""]}, {"add": ["x" * 101]}])
def test_tags_of_another_shape_are_refused(shop: Shop, tags: object) -> None:
    body = {"subscription": new_subscription(), "tags": tags}

    assert shop.client.put(f"{shop.page}/subscription", json=body).status_code == 422


def test_sec_15_a_page_is_not_told_that_a_profile_has_its_hundred_tags(shop: Shop) -> None:
    """It could ask so for what a profile that it claims holds; what does not fit is left out."""
    device = new_subscription()
    put(shop, {"add": [f"tag {n}" for n in range(100)]}, device)

    full = put(shop, {"add": ["one more"]}, device)
    assert "error" not in full
    assert "one more" not in tags_of(shop, {"enrollments": [full]})

    exchanged = put(shop, {"add": ["one more"], "remove": ["tag 7"]}, device)
    assert {"one more", "tag 8"} <= tags_of(shop, {"enrollments": [exchanged]})
