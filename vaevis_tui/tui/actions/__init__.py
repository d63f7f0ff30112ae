"""What keys and menus do, a file a subject; `all.py` makes the objects, and the screen passes keys on."""
