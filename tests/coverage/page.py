"""The page docs/coverage.md: what bcad makes of every numeric function, by module."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .catalog import MODULES, candidates, functions, methods
from .probe import STATUSES, Verdict, probe

GROUPS = (*MODULES, "ndarray")
WIDTH = 132
HEAD = """\
# What is differentiated

Every function of numbers in these modules was called with arguments that it accepts, inside a function that makes one number of
all its results, and the gradient with respect to all floats among the arguments compared with Richardson's differences.
`python -m tests.coverage --write` writes this page; a test holds it to what is so. Functions of files, text, dtypes, dates and
settings are left out, and aliases count once for each name.

"""


def members(group: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions of a module, or the methods of arrays."""
    return methods() if group == "ndarray" else functions(group)


def probe_group(group: str) -> dict[str, Verdict]:
    return {name: probe(f, candidates(f"{group}.{name}", f)) for name, f in members(group)}


def versions() -> str:
    import scipy

    return f"NumPy {np.__version__}, SciPy {scipy.__version__}"


def write(verdicts: dict[str, dict[str, Verdict]]) -> str:
    """The page."""
    lines = [HEAD + f"Versions: {versions()}.\n", "| module | " + " | ".join(STATUSES) + " |", "| --- |" + " ---: |" * len(STATUSES)]
    for group, found in verdicts.items():
        counts = Counter(v.status for v in found.values())
        lines.append(f"| {group} | " + " | ".join(str(counts[s]) for s in STATUSES) + " |")
    lines.append("")
    lines += [f"- **{status}**: {meaning}" for status, meaning in STATUSES.items()]
    for group, found in verdicts.items():
        lines += ["", f"## {group}", ""]
        for status in STATUSES:
            names = [name for name, v in found.items() if v.status == status]
            if not names:
                continue
            if status in ("partly", "no", "WRONG"):
                lines += [f"**{status}**", ""]
                for why in dict.fromkeys(_reason(found[n], n) for n in names):
                    same = [n for n in names if _reason(found[n], n) == why]
                    lines += _filled(f"- {why}: " + ", ".join(f"`{n}`" for n in same), "  ")
                lines.append("")
            else:
                lines += [*_filled(f"**{status}**: " + ", ".join(f"`{n}`" for n in names)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _reason(verdict: Verdict, name: str) -> str:
    """What is said of a refusal, the function's own name left out."""
    if "is written in C and has no meaning" in verdict.why:
        return "written in C, without a rule"
    return verdict.why.replace(name, "it").replace("|", "/")


def _filled(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def statuses(page: str) -> dict[str, str]:
    """``module.name`` -> status, read from the page."""
    found: dict[str, str] = {}
    group = status = ""
    for line in page.splitlines():
        if line.startswith("## "):
            group = line[3:]
        elif line.startswith("**"):
            status = line[2:].split("**")[0]
        if group:
            names = line.split("`")[1::2] if status in ("yes", "zero", "?") else line.split(": ", 1)[-1].split("`")[1::2]
            found.update((f"{group}.{name}", status) for name in names)
    return found
