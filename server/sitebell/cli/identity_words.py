"""What a site's identity mode means, in words that an operator cannot overlook."""

from sqlalchemy.orm import Session

from sitebell.models import IdentityMode, Site
from sitebell.services.identity.signing_keys import list_signing_keys
from sitebell.services.identity.strictness import is_signed, list_siblings


def explain_identity(session: Session, site: Site) -> str:
    """Return a paragraph about whose word counts on a site, and about the sites that it holds or is held by."""
    if not is_signed(session, site.id):
        return (
            "\nIdentity is open: whoever opens your pages can claim to be any of your customers, and then gets the"
            f" notifications meant for them. To close it: sitebell identity add {site.token} --algorithm HS256, sign"
            f" tokens (docs/identity.md), then sitebell sites set {site.token} --identity signed"
        )
    said = (
        "\nIdentity is signed: only tokens of your back end say who a visitor is. Browsers that claimed it before get"
        " messages for named people again once a token proves it."
    )
    if site.identity == IdentityMode.OPEN:
        said = f"{explain_hold(session, site)} Tokens that its own back end signs count."
    else:
        said += "".join(explain_hold(session, one) for one in list_siblings(session, site, IdentityMode.OPEN))
    if not list_signing_keys(session, site):
        said += f"\nThere is no signing key yet: sitebell identity add {site.token} --algorithm HS256"
    return said


def explain_hold(session: Session, site: Site) -> str:
    """Return a sentence when a site is open by itself and held to be signed by those that share its databases."""
    holders = list_siblings(session, site, IdentityMode.SIGNED)
    if site.identity == IdentityMode.SIGNED or not holders:
        return ""
    tokens = " ".join(one.token for one in holders)
    return (
        f"\nThe site {site.token} is set to open and held to signed, since it shares a database with {tokens}: its"
        " pages need a token to say who a visitor is."
    )
