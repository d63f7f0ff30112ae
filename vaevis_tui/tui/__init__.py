"""The Textual app: the only package that imports Textual.

``run`` is what the command line calls. ``explorer`` is the one screen: what its keys do is in ``actions``,
what it shows beside the ``live_image`` in ``panels``, what lies over it for a while in ``menus``; ``layout``
divides the window. Every byte goes out by ``terminal_port``. ``keys`` has every key, from which hints, help
and the command palette are made.
"""
