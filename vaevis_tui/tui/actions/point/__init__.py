"""Keys that move the point: rows, map, examples, bookmarks, walks and journeys."""
