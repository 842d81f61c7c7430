"""The token buckets of an application."""

from flask import Flask

from sitebell.models import TokenBucket
from support.web_application import parts


def drain(app: Flask, name: str, left: int = 0) -> None:
    """Leave no more than so many tokens in a bucket that exists."""
    with parts(app).store.writing() as session:
        session.get_one(TokenBucket, name).tokens = left


def tokens_in(app: Flask, name: str) -> float:
    """Return what a bucket held when it was last touched."""
    with parts(app).store.reading() as session:
        return session.get_one(TokenBucket, name).tokens
