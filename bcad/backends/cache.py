"""Machine code kept on disk between processes; a cache that is broken, foreign or read-only only costs time.

`BCAD_CACHE_DIR` names the folder; empty or ``off`` switches the cache off.  An entry is keyed by all that
the code depends on (its LLVM IR, the versions, the CPU) and starts with a digest of the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

LIMIT = 256 * 2**20  # bytes; the oldest entries go when there are more
SHARE = 64  # the folder is gone through about as often as this part of the limit is written
SUFFIX = ".bcad"
OFF = "off"
_DIGEST = 32


class State:
    """Of this process: the folder that was chosen in place of the environment's, and what was found."""

    chosen: str | None = None
    hits = 0
    misses = 0


def directory() -> Path | None:
    """The folder of the cache; None if it is switched off."""
    given = State.chosen if State.chosen is not None else os.environ.get("BCAD_CACHE_DIR")
    if given is not None and given.strip().lower() in ("", OFF, "0"):
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(given) if given is not None else Path(home) / "bcad"


def key_of(*parts: str) -> str:
    """A name for what `parts` determine."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part.encode())
    return digest.hexdigest()


def load(key: str) -> bytes | None:
    """The bytes saved under `key`, if they are there and whole."""
    body = _read(key)
    if body is None:
        State.misses += 1
    else:
        State.hits += 1
    return body


def _read(key: str) -> bytes | None:
    folder = directory()
    if folder is None or not _trusted(folder):
        return None
    path = folder / (key + SUFFIX)
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body = data[_DIGEST:]
    if hashlib.sha256(body).digest() != data[:_DIGEST]:
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used lately
    return body


def save(key: str, body: bytes) -> None:
    """Keep `body` for later processes; whole or not at all."""
    folder = directory()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _trusted(folder):
            return
        digest = hashlib.sha256(body).digest()
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(digest + body)
            os.replace(name, folder / (key + SUFFIX))
        except OSError:
            os.unlink(name)
            raise
        if _is_drawn(digest, len(body)):
            _prune(folder)


def entries() -> Iterator[Path]:
    """The files of the cache."""
    folder = directory()
    if folder is not None and folder.is_dir():
        yield from folder.glob("*" + SUFFIX)


def size() -> int:
    """How many bytes the cache takes."""
    total = 0
    for path in entries():
        with contextlib.suppress(OSError):  # another process has just removed it
            total += path.stat().st_size
    return total


def clear() -> int:
    """Remove every entry; how many there were."""
    count = 0
    for path in list(entries()):
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    return count


def _trusted(folder: Path) -> bool:
    """Whether nobody else can put code there."""
    try:
        status = folder.stat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _is_drawn(digest: bytes, length: int) -> bool:
    """Whether this entry's turn it is to see to the limit: by lot, as listing thousands of files takes longer than compiling."""
    return int.from_bytes(digest[:4], "little") * LIMIT <= length * SHARE << 32


def _prune(folder: Path) -> None:
    found = []
    for path in folder.glob("*" + SUFFIX):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    found.sort()
    total = sum(length for _, length, _ in found)
    for _, length, path in found:
        if total <= LIMIT:
            return
        path.unlink(missing_ok=True)
        total -= length
