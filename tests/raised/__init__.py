"""Programs that raise where their data say so: the error, and all that was done before it, must be Python's."""
