"""Rewrites that make a graph cheaper and leave what it computes unchanged, up to rounding.

Each is a function from graph to graph that can be read and tested alone; `REWRITES` is the order in which
`rewrite` applies them. Cast, Constant, Identity, Dropout and shape arithmetic are gone already: the import
folds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from vaevis_tui.engine.graph.ir import Graph
from vaevis_tui.engine.graph.rewrites.phases import (
    shuffle_into_convolution,
    transposed_convolution_into_phases,
    upsample_into_convolution,
)
from vaevis_tui.engine.graph.rewrites.pointwise import (
    MAX_EPILOGUE,
    fuse_epilogues,
    merge_pointwise,
    undo_activations,
)
from vaevis_tui.engine.graph.rewrites.structure import (
    MAX_OPERANDS,
    merge_permutations,
    nest_concat,
    remove_unread,
    reshape_before_pointwise,
)
from vaevis_tui.engine.graph.rewrites.weights import (
    fold_affine_into_weights,
    fold_permutation_into_linear,
    fold_permutation_into_linear_input,
    transposed_convolution_of_a_point_into_linear,
)

Rewrite: TypeAlias = Callable[[Graph], Graph]

REWRITES: tuple[Rewrite, ...] = (
    remove_unread,
    merge_permutations,
    transposed_convolution_of_a_point_into_linear,
    fold_permutation_into_linear_input,
    fold_affine_into_weights,
    reshape_before_pointwise,
    fold_permutation_into_linear,
    fold_affine_into_weights,  # what a Reshape kept from the matrix before
    upsample_into_convolution,
    transposed_convolution_into_phases,
    merge_pointwise,
    fuse_epilogues,
    undo_activations,
    shuffle_into_convolution,
    nest_concat,
    remove_unread,
)
"""Every rewrite, in the order of application."""


@np.errstate(all="ignore")  # weights that overflow are a file's, and no line is written of it
def rewrite(graph: Graph) -> Graph:
    """Apply every rewrite of `REWRITES` in turn."""
    for step in REWRITES:
        graph = step(graph)
    return graph


__all__ = [
    "MAX_EPILOGUE",
    "MAX_OPERANDS",
    "REWRITES",
    "fold_affine_into_weights",
    "fold_permutation_into_linear",
    "fold_permutation_into_linear_input",
    "fuse_epilogues",
    "merge_permutations",
    "merge_pointwise",
    "nest_concat",
    "remove_unread",
    "reshape_before_pointwise",
    "rewrite",
    "shuffle_into_convolution",
    "transposed_convolution_into_phases",
    "transposed_convolution_of_a_point_into_linear",
    "undo_activations",
    "upsample_into_convolution",
]
