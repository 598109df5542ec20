"""What bcad makes of each function of NumPy and SciPy: ``python -m tests.coverage`` writes docs/coverage.md."""
