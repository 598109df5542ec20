"""bcad: derivatives of plain Python."""
