"""What the functions of one module call: LLVM's intrinsics, which are declared, and functions of numbers, which it brings along."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Called:
    """The names that must be known in a module.

    Attributes
    ----------
    declares : set of str
        Lines that declare functions.
    functions : set of str
        The symbols of functions of numbers.
    in_loops : bool
        Whether loops call these that LLVM may turn into loops of vectors.
    """

    declares: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    in_loops: bool = False

    def text(self) -> str:
        """All declarations and definitions."""
        definitions = ""
        if self.functions:
            from . import vecmath

            definitions = vecmath.module_text(sorted(self.functions), self.in_loops)
        return "\n".join([*sorted(d for d in self.declares if d not in definitions), definitions])
