"""The names of the backends, apart from `select`: the command line must not import them to list them."""

from __future__ import annotations

BACKENDS = ("auto", "wgpu", "onnxruntime")
"""What ``--backend`` takes."""
