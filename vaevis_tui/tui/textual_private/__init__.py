"""All that touches Textual's private parts, each for a reason given where it is done.

What is relied on is checked by tests/tui/textual/test_textual_private.py, which says so when Textual changes.

``strips``        lines of an image that stay whole until somebody looks at their cells
``shown_cells``   what the terminal shows, so that only what differs is written
``app``           an app whose every screen update passes that
``see_through``   screens that lie on others and leave what they do not cover as it is
``painting``      drawing now, and the lane past the compositor
``driver``        Textual's driver: answers told from keys, a clean end
``writing``       the file that the driver writes to, which reports what has been written
``input``         the parser of keys
"""
