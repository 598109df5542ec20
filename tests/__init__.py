"""The tests: folders mirror the packages; the files here look at the house as a whole."""
