"""Kernels: for every operator one that is plainly right, faster ones for what decoders spend time on.

A `Kernel` says which operators it can compute on which device, how good it should be there, and lowers one to
WGSL text, workgroup counts and packed weights; nothing here touches a device. To add one, write its WGSL in
shaders/, a lowering beside its family's, and name it in that family's ``KERNELS``. `choose` takes the one of
the highest rank, by an estimate, unless the caller names another, by a measurement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.ir import Operator, UnsupportedGraph
from vaevis_tui.engine.wgpu.kernels import convolution, linear, movement
from vaevis_tui.engine.wgpu.kernels.base import Constant, Context, Kernel, Limits, Lowered
from vaevis_tui.engine.wgpu.kernels.plain import lower_plain

KERNELS: tuple[Kernel, ...] = (*linear.KERNELS, *convolution.KERNELS, *movement.KERNELS)
"""Every kernel; where ranks are equal the first is taken."""


def candidates(operator: Operator, context: Context) -> Iterator[Kernel]:
    """Kernels that can compute an operator on this device."""
    for kernel in KERNELS:
        if isinstance(operator, kernel.operator) and kernel.applies(operator, context):
            yield kernel


def ranked(operator: Operator, context: Context) -> tuple[list[Kernel], list[Kernel]]:
    """Kernels that are worth trying, the best expected first, and those that are only better than nothing."""
    ranks = {kernel: kernel.rank(operator, context) for kernel in candidates(operator, context)}
    ordered = sorted(ranks, key=ranks.__getitem__, reverse=True)  # stable: of equals the first
    worth = [kernel for kernel in ordered if ranks[kernel] > -math.inf]
    return worth, ordered[len(worth) :]


def choose(operator: Operator, context: Context, requested: str | None = None) -> Kernel:
    """The kernel for an operator.

    Args:
        operator: What to compute.
        context: The device, and where the operator's tensors are.
        requested: Name of the kernel to take if it applies, instead of the preferred one.

    Raises:
        UnsupportedGraph: No kernel computes this operator on this device.
    """
    worth, spare = ranked(operator, context)
    found = [*worth, *spare]
    if not found:
        raise UnsupportedGraph(
            f"{operator.kind} {operator.output!r} of shape {operator.shape}: no kernel computes it here"
        )
    return next((kernel for kernel in found if kernel.name == requested), found[0])


def plain(operator: Operator, context: Context, sample: int) -> Lowered | None:
    """The kernel that others are held against, making every ``sample``-th vec4 of the result.

    None for operators of which there is but one kernel.
    """
    if isinstance(operator, ir.Linear):
        return linear.lower(operator, context, sample=sample)
    if isinstance(operator, ir.Convolution | ir.PhaseConvolution | ir.TransposedConvolution):
        return lower_plain(operator, context, sample)
    return None


__all__ = [
    "KERNELS",
    "Constant",
    "Context",
    "Kernel",
    "Limits",
    "Lowered",
    "candidates",
    "choose",
    "plain",
    "ranked",
]
