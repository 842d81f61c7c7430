"""What is left of erased browsers: a keyed hash of each push endpoint, so that a refresh does not bring it back."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from sitebell.db import serialise
from sitebell.models import Site, Tombstone
from sitebell.services.receipts import open_receipt_key
from sitebell.services.vault import Vault

PURPOSE = b"sitebell tombstone"  # a key of its own, so that no receipt is ever the hash of an endpoint


class Tombstones:
    """The tombstones of one site. Without the master key they cannot be told from random bytes."""

    def __init__(self, site_id: int, key: bytes) -> None:
        self._site_id = site_id
        self._key = key

    @classmethod
    def of_site(cls, vault: Vault, site: Site) -> "Tombstones":
        """Return the tombstones of a site, under a key derived from its receipt key."""
        return cls(site.id, hmac.digest(open_receipt_key(vault, site), PURPOSE, hashlib.sha256))

    def add(self, session: Session, addresses: Sequence[str], now: datetime) -> None:
        """Remember that whoever had these addresses was erased; an older tombstone of the same one gives way."""
        self.remove(session, *addresses)
        macs = {self._mac(address) for address in addresses}
        rows = [{"site_id": self._site_id, "address_mac": mac, "erased_at": now} for mac in macs]
        session.execute(insert(Tombstone), rows)

    def cover(self, session: Session, address: str) -> bool:
        """Say whether an address was erased and not subscribed again since."""
        return bool(self.covered(session, [address]))

    def follow(self, session: Session, address: str, previous: str | None, now: datetime) -> bool:
        """Say whether the address that a browser had before was erased; then the one that it has now is, too."""
        if previous is None or not self.cover(session, previous):
            return False
        serialise(session, [int.from_bytes(self._mac(address)[:8], signed=True)])
        self.add(session, [address], now)
        return True

    def covered(self, session: Session, addresses: Sequence[str]) -> set[str]:
        """Return those of many addresses that were erased and not subscribed again since."""
        macs = {self._mac(address): address for address in addresses}
        query = select(Tombstone.address_mac).where(*self._named(list(macs)))
        return {macs[mac] for mac in session.scalars(query)}

    def remove(self, session: Session, *addresses: str) -> None:
        """Forget them: their visitor has asked to subscribe again."""
        session.execute(delete(Tombstone).where(*self._named([self._mac(address) for address in addresses])))

    def _named(self, macs: list[bytes]) -> tuple[ColumnElement[bool], ...]:
        return Tombstone.site_id == self._site_id, Tombstone.address_mac.in_(macs)

    def _mac(self, address: str) -> bytes:
        return hmac.digest(self._key, address.encode(), hashlib.sha256)
