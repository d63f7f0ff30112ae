"""What a person keeps, on disk: the session, bookmarks, directions of their own, settings."""
