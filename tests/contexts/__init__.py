"""Every way to change an object, in every kind of branch and loop: see `programs.py`."""
