"""What a call does besides giving a result: done at every call, once, in order."""
