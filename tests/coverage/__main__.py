"""``python -m tests.coverage [module ...]`` prints what is refused; ``--write`` probes everything and writes docs/coverage.md."""

from __future__ import annotations

import sys
from pathlib import Path

from .catalog import MODULES
from .page import GROUPS, probe_group, write


def main(arguments: list[str]) -> None:
    groups = [a for a in arguments if not a.startswith("-")] or list(GROUPS)
    verdicts = {}
    for group in groups:
        verdicts[group] = probe_group(group)
        for name, verdict in verdicts[group].items():
            if verdict.status not in ("yes", "zero", "partly"):
                print(f"{group}.{name}", *verdict, flush=True)
    if "--write" in arguments:
        assert set(groups) >= set(MODULES)
        (Path(__file__).parents[2] / "docs" / "coverage.md").write_text(write(verdicts))


if __name__ == "__main__":
    main(sys.argv[1:])
