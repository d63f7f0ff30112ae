"""The Textual app: the only package that imports Textual.

``run`` is what the command line calls. ``explorer`` is the one screen; what its keys do is in
``point_actions``, ``panel_actions`` and ``program_actions``, its walk in ``walker``. Its widgets are the
``live_image``, ``latent_bars``, ``strip_panel``, ``map_panel``, ``status_line``, ``details`` and
``hint_bar``; ``layout`` divides the window among them. Every byte goes out by ``terminal_port``. ``keys`` has
every key, from which hints, ``help`` and the command palette are made.
"""
