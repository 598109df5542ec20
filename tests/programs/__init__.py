"""A library of plain NumPy programs (none imports bcad) that tests and benchmarks differentiate."""

from .record import Program, program, programs

__all__ = ["Program", "program", "programs"]
