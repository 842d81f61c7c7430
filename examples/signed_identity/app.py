"""A shop with two customers whose back end signs who is logged in; README.md says how to start it."""

import os
import secrets
from datetime import UTC, datetime, timedelta

import jwt
from flask import Blueprint, Flask, Response, current_app, jsonify, redirect, render_template, request, session
from werkzeug.wrappers import Response as BaseResponse

LIFETIME = timedelta(minutes=10)  # a page asks for a fresh token whenever it loads
CUSTOMERS = {
    "customer-1": {"name": "Ann", "email": "ann@example.com", "has_confirmed": True},
    "customer-2": {"name": "Ben", "email": "ben@example.com", "has_confirmed": False},
}

shop = Blueprint("shop", __name__)


def make_token(customer_id: str, *, site: str, kid: str, secret: str, now: datetime) -> str:
    """Return a token that says: this visitor is our customer. It is all that a back end has to do."""
    customer = CUSTOMERS[customer_id]
    claims = {
        "aud": site,  # the site's token: no other site takes it
        "sub": customer_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "email": customer["email"],
        "email_verified": customer["has_confirmed"],  # whoever signs up with somebody else's address is not that person
        "fields": {"_fname": customer["name"]},
    }
    return jwt.encode(claims, secret, "HS256", headers={"kid": kid})


def create_shop(*, server: str, site: str, kid: str, secret: str) -> Flask:
    """Return the shop; `server` is Sitebell's address, `site` the token, `kid` and `secret` the signing key."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)  # logs everybody out at each start, which a demo may do
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SERVER=server, SITE=site, KID=kid, SECRET=secret)
    app.register_blueprint(shop)
    return app


@shop.get("/")
def show_home() -> str:
    """Show the shop to whoever is logged in, or to nobody."""
    settings = current_app.config
    customer_id = session.get("customer_id")
    return render_template(
        "home.html", server=settings["SERVER"], site=settings["SITE"], customers=CUSTOMERS, customer_id=customer_id
    )


@shop.post("/login")
def log_in() -> BaseResponse | tuple[str, int]:
    """Log a customer in. A real shop asks for a password here."""
    if request.form.get("customer_id") not in CUSTOMERS:
        return "No such customer.", 400
    session["customer_id"] = request.form["customer_id"]
    return redirect("/")


@shop.post("/logout")
def log_out() -> BaseResponse:
    """Log out; the page has told the bell before."""
    session.clear()
    return redirect("/")


@shop.get("/bell-identity")
def prove_identity() -> Response | tuple[str, int]:
    """Tell the page who its visitor is, and prove it. Who is not logged in gets nothing."""
    settings, customer_id = current_app.config, session.get("customer_id")
    if customer_id is None:
        return "Nobody is logged in.", 401
    token = make_token(
        customer_id, site=settings["SITE"], kid=settings["KID"], secret=settings["SECRET"], now=datetime.now(UTC)
    )
    answer = jsonify({"external_id": customer_id, "token": token})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@shop.get("/bell-worker.js")
def serve_worker() -> Response:
    """Serve the worker, which has to come from the shop's own origin."""
    settings = current_app.config
    line = f"importScripts('{settings['SERVER']}/sdk/v1/worker.js?site={settings['SITE']}');\n"
    return Response(line, mimetype="text/javascript")


if __name__ == "__main__":
    create_shop(
        server=os.environ.get("SITEBELL_URL", "http://localhost:8080"),
        site=os.environ["SITE_TOKEN"],
        kid=os.environ["IDENTITY_KID"],
        secret=os.environ["IDENTITY_SECRET"],
    ).run(host="127.0.0.1", port=8000)
