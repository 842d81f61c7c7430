"""Secrets at rest: what the database keeps sealed, and the master key that opens it (SEC-51)."""

import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from sitebell.db import serialise
from sitebell.errors import SitebellError
from sitebell.models import Installation

KEY_BYTES = 32
NONCE_BYTES = 12
FIRST_START = 0x5173BE12  # the name of a lock: any number, as long as every Sitebell uses the same one
CANARY = b"sitebell master key canary"


class MasterKeyError(SitebellError):
    """The master key is missing, unreadable or not the one that sealed this database."""

    def __init__(self, message: str) -> None:
        super().__init__("master_key", message, 500)


class Vault:
    """Seals and opens secrets with AES-256-GCM; each is bound to its context and opens nowhere else."""

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESGCM(master_key)
        self._master_key = master_key

    def seal(self, context: str, secret: bytes) -> bytes:
        """Encrypt `secret`; the result is nonce (12 bytes) + ciphertext + tag (16 bytes)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, context: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made.

        Raises:
            MasterKeyError: the key is another one, or the bytes were changed or moved here from another row.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise MasterKeyError(
                "A secret in the database does not open: the master key is not the one it was sealed with."
            ) from error

    def derive_key(self, purpose: bytes) -> bytes:
        """Return the 32 bytes that are this installation's key for one purpose; they tell nothing of the master key."""
        return hmac.digest(self._master_key, purpose, "sha256")


def open_vault(session: Session, key_file: Path) -> Vault:
    """Return the vault of this installation, made on the first start.

    Call it in a writing session. Only an installation without a canary may get a new key: otherwise a lost key file
    would be replaced in silence, and every sealed secret lost with it.

    Raises:
        MasterKeyError: the key file is lost, unreadable, or belongs to another installation.
    """
    installation = session.get(Installation, 1) or _first_of_several(session)
    if installation is None:
        vault = Vault(_read_or_create(key_file))
        session.add(Installation(id=1, canary=vault.seal("canary", CANARY)))
        session.flush()
        return vault
    if not key_file.exists():
        raise MasterKeyError(
            f"The master key {key_file} is lost, and this database has secrets sealed with it. Restore the file from a"
            " backup, or set SITEBELL_DATA to the folder that holds it."
        )
    vault = Vault(_read(key_file))
    try:
        vault.open("canary", installation.canary)
    except MasterKeyError as error:
        raise MasterKeyError(
            f"The master key {key_file} is not the one that this database was sealed with. Restore the right file from"
            " a backup, or set SITEBELL_DATA to the folder that holds it."
        ) from error
    return vault


def _first_of_several(session: Session) -> Installation | None:
    """Wait for a process that makes its first start at the same time, and return what it made."""
    serialise(session, [FIRST_START])
    return session.get(Installation, 1)


def write_key_file(key_file: Path, key: bytes) -> None:
    """Write a master key for its owner's eyes only (0600); never over an existing file.

    Raises:
        FileExistsError: there is one already.
    """
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read_or_create(key_file: Path) -> bytes:
    if not key_file.exists():
        write_key_file(key_file, secrets.token_bytes(KEY_BYTES))
    return _read(key_file)


def _read(key_file: Path) -> bytes:
    try:
        key = bytes.fromhex(key_file.read_text().strip())
    except (OSError, ValueError) as error:
        raise MasterKeyError(f"The master key {key_file} cannot be read: it must be 64 hex digits.") from error
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"The master key {key_file} cannot be read: it must be 64 hex digits.")
    return key
