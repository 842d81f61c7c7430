"""`sitebell backup` and `sitebell restore`, as an operator uses them (REL-13)."""

import json
import os
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from cli.command_line import CommandLine


@pytest.fixture
def other(tmp_path: Path) -> CommandLine:
    """A second place, where nothing is installed yet."""
    return CommandLine(tmp_path / "other")


def everything_in(folder: Path) -> dict[str, bytes]:
    """Return each file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_backup_holds_database_key_and_manifest_for_its_owner_only(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.create_site()
    file = tmp_path / "bell.backup"
    before = os.umask(0)
    try:
        printed = sitebell.json("backup", file)
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["manifest.json", "database.sqlite3", "master.key"]
        manifest = archive.extractfile("manifest.json")
        key = archive.extractfile("master.key")
        assert manifest is not None
        assert key is not None
        assert key.read() == sitebell.master_key.read_bytes()
        assert json.load(manifest).items() <= printed.items()
    assert printed["size"] == file.stat().st_size
    assert set(printed["members"]) == {"database.sqlite3", "master.key"}


def test_a_backup_leaves_nothing_else_behind(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.create_site()
    folder = tmp_path / "backups"
    folder.mkdir()

    result = sitebell.run("backup", folder / "bell.backup")

    assert "keep it as safe as the server" in result.stdout
    assert [path.name for path in folder.iterdir()] == ["bell.backup"]


def test_a_backup_never_overwrites(sitebell: CommandLine) -> None:
    """A slip of the hand must not put a backup over the database itself."""
    sitebell.create_site()
    before = sitebell.database.read_bytes()

    assert "exists: choose another name" in sitebell.refused("backup", sitebell.database)
    assert sitebell.database.read_bytes() == before


def test_a_backup_into_a_missing_folder_says_so(sitebell: CommandLine, tmp_path: Path) -> None:
    assert "does not exist: create it" in sitebell.refused("backup", tmp_path / "no" / "bell.backup")


def test_a_backup_does_not_wait_for_a_writer(sitebell: CommandLine, other: CommandLine, tmp_path: Path) -> None:
    """It holds what was committed, and not what an open transaction is about to write."""
    sitebell.create_site()
    with closing(sqlite3.connect(sitebell.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE site SET name = 'never committed'")
        sitebell.json("backup", tmp_path / "bell.backup")

    other.json("restore", tmp_path / "bell.backup")
    assert [site["name"] for site in other.json("sites", "list")] == ["Shop"]


def test_rel_13_a_restore_brings_everything_to_a_new_machine(
    sitebell: CommandLine, other: CommandLine, tmp_path: Path
) -> None:
    token = sitebell.create_site()["token"]
    sitebell.json("vapid", "add", token)
    assert sitebell.process("backup", tmp_path / "bell.backup").returncode == 0

    done = other.process("restore", tmp_path / "bell.backup")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Restored the backup of ")
    for question in (("sites", "show", token), ("keys", "list", token), ("vapid", "list", token)):
        assert other.json(*question) == sitebell.json(*question)
    assert stat.S_IMODE(other.master_key.stat().st_mode) == 0o600
    assert set(everything_in(other.data)) == {"sitebell.sqlite3", "master.key"}


def test_rel_13_an_installation_is_replaced_only_by_force(
    sitebell: CommandLine, other: CommandLine, tmp_path: Path
) -> None:
    sitebell.json("backup", tmp_path / "bell.backup")
    other.create_site("In the way")
    before = everything_in(other.data)

    assert "--force replaces it and keeps it aside" in other.refused("restore", tmp_path / "bell.backup")
    assert everything_in(other.data) == before


def test_rel_13_an_installation_that_is_replaced_is_kept_aside(
    sitebell: CommandLine, other: CommandLine, tmp_path: Path
) -> None:
    sitebell.create_site("Backed up")
    sitebell.json("backup", tmp_path / "bell.backup")
    other.create_site("In the way")
    key = other.master_key.read_bytes()

    kept = [Path(name) for name in other.json("restore", tmp_path / "bell.backup", "--force")["kept"]]
    assert [site["name"] for site in other.json("sites", "list")] == ["Backed up"]
    assert [path.name.partition(".before-restore-")[0] for path in kept] == ["sitebell.sqlite3", "master.key"]
    assert kept[1].read_bytes() == key
    assert stat.S_IMODE(kept[1].stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept[0])) as former:
        assert former.execute("SELECT name FROM site").fetchall() == [("In the way",)]


def test_restoring_over_the_same_installation_goes_back_to_the_backup(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.create_site("Before")
    sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.create_site("After")

    sitebell.json("restore", tmp_path / "bell.backup", "--force")

    assert [site["name"] for site in sitebell.json("sites", "list")] == ["Before"]


def test_a_restore_never_runs_under_an_open_server(sitebell: CommandLine, tmp_path: Path) -> None:
    """A server would go on writing to the file put aside; even one that is idle counts, and --force does not help."""
    sitebell.create_site()
    sitebell.json("backup", tmp_path / "bell.backup")
    with closing(sqlite3.connect(sitebell.database)) as server:
        server.execute("SELECT count(*) FROM site").fetchone()
        before = everything_in(sitebell.data)

        assert "stop the server first" in sitebell.refused("restore", tmp_path / "bell.backup", "--force")
        assert everything_in(sitebell.data) == before


def test_a_worker_seen_a_moment_ago_is_named_as_the_reason(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.create_site()
    sitebell.json("backup", tmp_path / "bell.backup")
    with closing(sqlite3.connect(sitebell.database)) as database, database:
        database.execute("INSERT INTO worker VALUES ('w', datetime('now'), strftime('%Y-%m-%d %H:%M:%f000', 'now'))")

    assert "A worker of this installation was seen" in sitebell.refused("restore", tmp_path / "bell.backup")
    assert sitebell.run("restore", tmp_path / "bell.backup", "--force").exit_code == 0


def test_a_damaged_installation_can_be_replaced(sitebell: CommandLine, tmp_path: Path) -> None:
    """What is left of it is kept, journals too: they would be replayed into the restored database."""
    sitebell.create_site()
    sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.database.write_bytes(b"not a database" * 1000)
    wal = sitebell.data / "sitebell.sqlite3-wal"
    wal.write_bytes(b"stale")

    sitebell.json("restore", tmp_path / "bell.backup", "--force")

    assert [site["name"] for site in sitebell.json("sites", "list")] == ["Shop"]
    assert [path.read_bytes() for path in sitebell.data.glob("*.before-restore-*-wal")] == [b"stale"]
    assert not wal.exists()


def test_the_journal_of_a_deleted_database_is_put_aside(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.create_site()
    sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.database.unlink()
    (sitebell.data / "sitebell.sqlite3-wal").write_bytes(b"stale")

    sitebell.json("restore", tmp_path / "bell.backup", "--force")

    assert [site["name"] for site in sitebell.json("sites", "list")] == ["Shop"]
    assert [path.read_bytes() for path in sitebell.data.glob("*.before-restore-*-wal")] == [b"stale"]


def test_a_missing_file_is_one_sentence(other: CommandLine, tmp_path: Path) -> None:
    assert other.refused("restore", tmp_path / "nothing") == f"Error: There is no file {tmp_path / 'nothing'}.\n"


def test_a_backup_of_sqlite_is_not_restored_into_postgresql(
    sitebell: CommandLine, other: CommandLine, tmp_path: Path
) -> None:
    sitebell.create_site()
    sitebell.json("backup", tmp_path / "bell.backup")
    other.settings["SITEBELL_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"

    assert "SITEBELL_DATABASE_URL names postgresql" in other.refused("restore", tmp_path / "bell.backup")
    assert not other.master_key.exists()


def test_a_database_in_memory_cannot_be_backed_up(sitebell: CommandLine, tmp_path: Path) -> None:
    sitebell.settings["SITEBELL_DATABASE_URL"] = "sqlite://"

    assert "lives in memory only" in sitebell.refused("backup", tmp_path / "bell.backup")
    assert not (tmp_path / "bell.backup").exists()
