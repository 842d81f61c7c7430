"""`sitebell topics`: the interests that a site offers its visitors."""

from typing import Any

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_json, print_table
from sitebell.services.sites import get_site
from sitebell.services.topics import add_topic, count_choices, list_topics, remove_topic


@click.group()
def topics() -> None:
    """Offer interests among which a site's visitors choose, and send to those who chose one."""


@topics.command("add")
@click.argument("site")
@click.argument("name")
@click.option("--title", required=True, help="What the visitor reads.")
@json_option
def add(*, site: str, name: str, title: str, as_json: bool) -> None:
    """Offer the topic NAME on the site with the token SITE, after those that it has."""
    with open_installation() as installation, installation.store.writing() as session:
        topic = add_topic(session, get_site(session, site), name=name, title=title)
    if as_json:
        print_json({"name": topic.name, "title": topic.title})
    else:
        click.echo(f"The topic {topic.name} is offered. Send to it: sitebell send --to topic:{topic.name} …")


@topics.command("list")
@click.argument("site")
@json_option
def list_all(*, site: str, as_json: bool) -> None:
    """List the topics of the site with the token SITE, and how many browsers chose each."""
    with open_installation() as installation, installation.store.reading() as session:
        owner = get_site(session, site)
        chosen = count_choices(session, owner)
        rows: list[dict[str, Any]] = [
            {"name": topic.name, "title": topic.title, "chosen": chosen[topic.name]}
            for topic in list_topics(session, owner)
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(("NAME", "TITLE", "CHOSEN"), [tuple(row.values()) for row in rows])
    else:
        click.echo(f"The site offers no topic yet. Add one: sitebell topics add {site} NAME --title TITLE")


@topics.command("remove")
@click.argument("site")
@click.argument("name")
def remove(*, site: str, name: str) -> None:
    """Take the topic NAME from the site with the token SITE, and forget who chose it."""
    with open_installation() as installation, installation.store.writing() as session:
        remove_topic(session, get_site(session, site), name)
    click.echo(f"The topic {name} is removed.")
