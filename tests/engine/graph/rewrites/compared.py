"""What graphs are made of, and that two compute the same."""

from __future__ import annotations

import numpy as np

from tests.engine.graph_reference import graph_output
from tests.engine.reference import (
    Builder,
)
from vaevis_tui.engine.graph import Graph


def kinds(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def unchanged(before: Graph, after: Graph, builder: Builder, tolerance: float = 2e-5) -> None:
    z = builder.latents(2)
    np.testing.assert_allclose(graph_output(after, z), graph_output(before, z), atol=tolerance, rtol=1e-4)
