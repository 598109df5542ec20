"""The disk cache of compiled code: look at it, clear it, move it, switch it off.

It lies in ``~/.cache/bcad`` (or ``$XDG_CACHE_HOME/bcad``); the environment variable ``BCAD_CACHE_DIR`` names
another folder for all processes, or is ``off``.  A function here speaks for this process alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bcad.backends import disk

__all__ = ["Info", "clear", "info", "relocate", "switch_off"]


@dataclass(frozen=True)
class Info:
    """What the cache holds, and what it did for this process.

    Attributes
    ----------
    folder : Path or None
        Where it lies; None if it is switched off.
    entries, bytes : int
        What lies there, of all processes.
    limit : int
        The bytes beyond which the entries that were not used for longest are removed.
    hits, misses : int
        How often this process found compiled code there, and how often it had to compile.
    """

    folder: Path | None
    entries: int
    bytes: int
    limit: int
    hits: int
    misses: int

    def __str__(self) -> str:
        if self.folder is None:
            return "the cache is switched off"
        held = f"{self.entries} entries, {self.bytes / 2**20:.1f} of {self.limit / 2**20:.0f} MiB"
        return f"{self.folder}: {held}; {self.hits} hits and {self.misses} misses in this process"


def info() -> Info:
    """What the cache holds, and what it did for this process.

    Examples
    --------
    >>> from bcad import cache
    >>> cache.info().limit // 2**20
    256
    """
    entries = len(list(disk.entries()))
    return Info(disk.directory(), entries, disk.size(), disk.LIMIT, disk.State.hits, disk.State.misses)


def clear() -> int:
    """Remove every entry; how many there were.  Code that runs already is not affected."""
    return disk.clear()


def relocate(folder: str | os.PathLike[str] | None = None) -> None:
    """Use another folder from now on; without one, the one that the environment says.

    The folder is made when something is saved.  One that others may write to is not used.
    """
    disk.State.chosen = None if folder is None else os.path.abspath(folder)


def switch_off() -> None:
    """Neither read nor write the cache from now on, until `relocate`."""
    disk.State.chosen = disk.OFF
