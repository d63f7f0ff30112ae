"""Images drawn by graphics protocols: kitty, sixel, iTerm2."""
