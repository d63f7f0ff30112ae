"""The Textual app: the only package that imports Textual.

``run`` is what the command line calls. ``decoding`` opens and decodes models in threads and tells
``explorer``, the one screen, which holds an ``exploration`` (the point, its undo history, the walk)
and wires the widgets to it: ``live_image`` (the image), ``latent_bars``, ``fps_panel``, ``hint_bar``,
``value_prompt``. ``keys`` has every key, from which hints, ``help`` and the command palette are made;
``arrangement`` divides the window; ``pacing`` says when a walk takes its next step; ``leaving`` ends the
program in order.
"""
