"""SciPy's routines that call a function of the user's: their values are SciPy's, their derivatives exact rules.

A routine that is met in traced code becomes a ``host`` node.  The function given to it is traced into a closed graph of
its own, whose captured numbers are inputs of the node; SciPy runs on that graph, compiled.  The derivative is by the
equation that the result fulfils, never by the routine's steps.
"""

from . import integrals, minima, odes, roots

__all__: list[str] = []
assert integrals and minima and odes and roots  # imported for the answers they enter
