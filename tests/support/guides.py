"""A page of docs/ whose steps are commands: reads them out of the page, and does what they say."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from cli.command_line import CommandLine

DOCS = Path(__file__).parents[2] / "docs"
CONSOLE = re.compile(r"^( *)```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(sitebell [^`]+)`")
PRINTED = re.compile(r"^ +([a-z_]+) +(\S+)$", re.MULTILINE)
PROMPT = "$ "


class Guide:
    """A page that leads through steps.

    Of what stands behind `$ ` in its blocks `console`, `cat FILE` is followed by what the file holds, and everything
    else is a command of ours. `\\` at the end of a line goes on in the next one.
    """

    def __init__(self, name: str, heading: str = "Steps") -> None:
        self.text = (DOCS / name).read_text()
        self.steps = self.text[self.text.index(f"\n## {heading}\n") :].partition("\n## ")[2].partition("\n## ")[0]
        self.facts: dict[str, str] = {}
        self.commands: list[list[str]] = []

    def follow(self, sitebell: CommandLine, folder: Path, secret: str) -> None:
        """Run the commands one after another; a key that is asked for on standard input is `secret`.

        What `sites create` prints takes the place of TOKEN and DATABASE_ID: all that a reader cannot know beforehand.
        """
        for line, more in self._lines():
            words = shlex.split(self.fill(line), comments=True)
            if words[0] == "cat":
                (folder / words[1]).write_text(self.fill(more))
                continue
            assert (words[0], more) == ("sitebell", ""), line
            here = [str(folder / word) if (folder / word).is_file() else word for word in words[1:]]
            result = sitebell.run(*here, stdin=secret)
            assert result.exit_code == 0, f"{line}\n{result.output}"
            self.commands.append(words)
            if words[1:3] == ["sites", "create"]:
                self.facts |= dict(PRINTED.findall(result.stdout))

    def fill(self, text: str) -> str:
        """Put the site's own ids in the place of their names."""
        for name in ("token", "database_id"):
            text = re.sub(rf"\b{name.upper()}\b", self.facts.get(name, name.upper()), text)
        return text

    def said(self, option: str) -> list[str]:
        """Return what the commands give an option, in their order."""
        return [value for words in self.commands for word, value in pairwise(words) if word == option]

    def adopted(self, kind: str) -> tuple[str, str]:
        """Return the vendor's id of a kind that the commands adopt first, and what it means here."""
        theirs, _, ours = self.said(f"--{kind}")[0].partition("=")
        return theirs, ours

    def inline(self) -> list[list[str]]:
        """Return the words of the commands that stand inside the text of the page."""
        return [shlex.split(" ".join(command.split())) for command in INLINE.findall(self.text)]

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Yield what stands behind each prompt, and the lines below it."""
        for indent, block in CONSOLE.findall(self.steps):
            lines = "".join(line.removeprefix(indent) for line in block.splitlines(keepends=True))
            for entry in re.split(rf"^{re.escape(PROMPT)}", lines.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
                line, _, more = entry.partition("\n")
                yield line, more
