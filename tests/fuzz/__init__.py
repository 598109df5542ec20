"""Generated NumPy programs, run by CPython, by dual numbers and by bcad; every difference is a bug."""
