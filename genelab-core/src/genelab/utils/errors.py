"""Errors that say what is wrong, where, and what to do about it."""

from __future__ import annotations


class GenelabError(Exception):
    """A failure whose cause is known: shown as a message, never as a traceback.

    Args:
        what: What is wrong, with the offending value.
        where: File, option, config path or object it concerns.
        fix: What to do: a command, the nearest names, a valid range.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(self.format())

    def format(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


def first_line(error: BaseException) -> str:
    """Return the first line of a library's long message, or the error's type where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class UsageError(GenelabError):
    """The request itself is wrong (unknown name, bad value): exit status 2."""

    exit_code = 2
