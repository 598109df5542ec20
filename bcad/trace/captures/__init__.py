"""What traced code reads from outside: inputs, guards, and how each is found again at a later call."""
