"""Operators, attributes, subscripts and methods of traced numbers and arrays."""
