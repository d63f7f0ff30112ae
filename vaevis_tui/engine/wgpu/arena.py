"""Where tensors lie in memory that is shared by those that do not live at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vaevis_tui.engine.wgpu.plan import Plan


@dataclass(frozen=True)
class Placement:
    """Where a tensor lies in the arena.

    Attributes:
        bank: Which buffer; a dispatch never writes to a bank that it reads.
        offset: First byte.
        bytes: Length.
    """

    bank: int
    offset: int
    bytes: int


@dataclass(frozen=True)
class Arena:
    """Memory for the tensors between input and output, shared by those that do not live at the same time.

    Attributes:
        banks: Bytes of each bank.
        placements: Where each tensor lies, by name.
    """

    banks: tuple[int, ...]
    placements: Mapping[str, Placement]


def align(offset: int, alignment: int) -> int:
    """The next multiple of the alignment."""
    return -(-offset // alignment) * alignment


def arena_of(plan: Plan, items: int, alignment: int) -> Arena:
    """Place a plan's tensors for a number of examples, each at a multiple of the alignment in bytes."""
    last_read = {name: step for step, dispatch in enumerate(plan.dispatches) for name in dispatch.bindings}
    ends: list[int] = []
    live: dict[str, Placement] = {}
    placements: dict[str, Placement] = {}
    for step, dispatch in enumerate(plan.dispatches):
        name = dispatch.operator.output
        reads = {live[read].bank for read in dispatch.bindings if read in live}
        if name != plan.graph.output:
            size = plan.sizes[name] * items
            if name in plan.textures:  # a texture holds one tensor at a time, from its first row
                reads |= {place.bank for place in live.values()}
            placement = _place(
                size, [b for b in range(len(ends) + 1) if b not in reads], ends, live, alignment
            )
            live[name] = placements[name] = placement
            if placement.bank == len(ends):
                ends.append(0)
            ends[placement.bank] = max(ends[placement.bank], placement.offset + size)
        live = {read: place for read, place in live.items() if last_read[read] > step}
    return Arena(tuple(align(end, alignment) for end in ends), placements)


def _place(
    size: int, banks: list[int], ends: list[int], live: Mapping[str, Placement], alignment: int
) -> Placement:
    """The lowest free place in the bank that has to grow least."""
    best: tuple[int, Placement] | None = None
    for bank in banks:
        taken = sorted((p.offset, p.offset + p.bytes) for p in live.values() if p.bank == bank)
        offset = 0
        for start, end in taken:
            if offset + size <= start:
                break
            offset = max(offset, align(end, alignment))
        growth = max(0, offset + size - (ends[bank] if bank < len(ends) else 0))
        if best is None or growth < best[0]:
            best = growth, Placement(bank, offset, size)
    assert best is not None, "a new bank is always among the banks"
    return best[1]
