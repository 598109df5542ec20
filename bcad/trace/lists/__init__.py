"""Lists, deques, dicts and sets that loops fill: their items stand in arrays."""
