"""Puts the parts together: the only place where they meet."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from sitebell.api.attachments import attachments
from sitebell.api.audiences import audiences
from sitebell.api.browser import page
from sitebell.api.bulk import bulk
from sitebell.api.confirming import confirming
from sitebell.api.databases import databases
from sitebell.api.docs import docs
from sitebell.api.health import DISK_RESERVE, health
from sitebell.api.identity_keys import identity_keys
from sitebell.api.links import links
from sitebell.api.messages import messages
from sitebell.api.privacy import privacy
from sitebell.api.profiles import profiles
from sitebell.api.sdk import sdk
from sitebell.api.subscribers import subscribers
from sitebell.api.topics import topics
from sitebell.api.webhooks import webhooks
from sitebell.clock import Clock, utcnow
from sitebell.compat.altcraft import altcraft
from sitebell.compat.cleverpush import cleverpush
from sitebell.compat.pushengage import pushengage
from sitebell.config import Config
from sitebell.db import attach_store, sqlite_file
from sitebell.push.endpoint import EndpointRules
from sitebell.services.vault import open_vault
from sitebell.services.visitors.places import Places
from sitebell.web.admission import register_admission
from sitebell.web.context import Context, install
from sitebell.web.errors import register_errors
from sitebell.web.openapi import register_routes
from sitebell.web.security_headers import register_security_headers

ROUTES = (
    page,
    messages,
    audiences,
    topics,
    identity_keys,
    links,
    databases,
    profiles,
    attachments,
    bulk,
    subscribers,
    privacy,
    webhooks,
    health,
    altcraft,
    pushengage,
    cleverpush,
)


def create_app(config: Config, *, clock: Clock = utcnow) -> Flask:
    """Return the web application on an open, migrated database.

    Raises:
        MasterKeyError: the master key is lost or another one.
        Invalid: `invalid_push_host`, an extra push host cannot be used.
    """
    app = Flask("sitebell", static_folder=None, template_folder=None)
    app.config["DISK_RESERVE"] = DISK_RESERVE
    app.url_map.merge_slashes = False  # it would redirect to whatever the header Host says (SEC-40)
    app.json = DefaultJSONProvider(app)
    app.json.sort_keys = False
    install(app, _open(app, config, clock))
    register_security_headers(app)
    register_admission(app)
    register_errors(app)
    register_routes(app, config.base_url, *ROUTES)
    app.register_blueprint(docs)
    app.register_blueprint(sdk)
    app.register_blueprint(confirming)
    if config.demo:
        from sitebell import demo  # noqa: PLC0415  (a server must not carry what only a demo may do)

        demo.register(app)
    if config.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxy_hops, x_proto=config.proxy_hops)  # type: ignore[method-assign]
    return app


def _open(app: Flask, config: Config, clock: Clock) -> Context:
    file = sqlite_file(config.database_url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = attach_store(app, config.database_url)
    store.upgrade()
    with store.writing() as session:
        vault = open_vault(session, config.master_key_file)
    return Context(
        store=store,
        vault=vault,
        config=config,
        rules=EndpointRules(extra_hosts=config.push_hosts),
        places=Places(config.geoip_file),
        clock=clock,
    )
