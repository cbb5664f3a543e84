"""Code blocks of a Markdown page, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[\w-]*)(?P<rest>.*)$")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its `title="..."` if any, its text and the line it starts on."""

    language: str
    title: str | None
    text: str
    line: int


def read_blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of `page`."""
    blocks: list[Block] = []
    opening: re.Match[str] | None = None
    start, body = 0, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if opening is None:
            opening = _FENCE.match(line)
            start, body = number, []
        elif line.strip() == opening["fence"]:
            title = _TITLE.search(opening["rest"])
            text = "".join(f"{row}\n" for row in body)
            blocks.append(Block(opening["language"], title[1] if title else None, text, start))
            opening = None
        else:
            body.append(line.removeprefix(opening["indent"]))
    return blocks


@dataclass(frozen=True)
class Command:
    """A command of a `console` block and the output that the page shows for it (empty: not shown)."""

    text: str
    output: str


def read_commands(block: Block) -> list[Command]:
    """Split a `console` block: `$ ` begins a command, `> ` continues it, everything else is output."""
    commands: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:], ""))
        elif line.startswith("> ") and not commands[-1].output:
            commands[-1] = Command(f"{commands[-1].text}\n{line[2:]}", "")
        else:
            commands[-1] = Command(commands[-1].text, f"{commands[-1].output}{line}\n")
    return commands
