"""What is traced, guarded and compiled, and why: the logger that BCAD_LOG switches on."""

from __future__ import annotations

import logging
import os

log = logging.getLogger("bcad")

if os.environ.get("BCAD_LOG"):
    _handler = logging.StreamHandler()
    _handler.setFormatter(logging.Formatter("bcad: %(message)s"))
    log.addHandler(_handler)
    log.setLevel(os.environ["BCAD_LOG"].upper() if os.environ["BCAD_LOG"].isalpha() else "DEBUG")
