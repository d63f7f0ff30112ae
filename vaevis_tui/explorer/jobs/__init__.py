"""Work beside the explorer, in threads with decoders of their own: exports, searches."""
