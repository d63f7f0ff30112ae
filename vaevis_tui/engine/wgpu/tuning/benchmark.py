"""Races between kernels: no single one wins everywhere, so the candidates are measured where they will run.

An operator's candidates are those that `Kernel.rank` expects most of. Each has to reproduce the plain
kernel's output on random inputs before it may win, and to win clearly before it displaces the default.

Everything happens in slices of a few milliseconds, or of one compilation, on a device of the tuner's own, and
before each slice the caller may make it wait: so it can run beside a live image.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any, Protocol, TypeVar

from vaevis_tui.engine.graph.ir import Operator
from vaevis_tui.engine.wgpu.kernels import Context, Kernel, ranked
from vaevis_tui.engine.wgpu.plan import Dispatch, Plan
from vaevis_tui.engine.wgpu.tuning.device_bench import DeviceBench
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices, Selection, digest

BUDGET = 2.0
"""Seconds of a session that are spent on measuring."""

CANDIDATES = 5
"""Kernels that run for an operator, the default among them."""

ROUNDS = 3
"""Times that each of them is measured, in turns; the shortest counts, being the least disturbed."""

DUEL = 8
"""Further times that the default and whoever beat it are measured, if it was beaten."""

MARGIN = 1.08
"""How many times faster than the default another one has to be: less is noise."""

_T = TypeVar("_T")


class Bench(Protocol):
    """Where kernels of one operator are held against each other; `DeviceBench` is the real one."""

    def agrees(self, kernel: Kernel) -> bool:
        """Compile a kernel and compare its output with the plain kernel's."""
        ...

    def seconds(self, kernel: Kernel) -> float:
        """Time of one launch of a kernel that agreed."""
        ...

    def text(self, kernel: Kernel) -> str:
        """Its WGSL."""
        ...


class OutOfTime(Exception):  # noqa: N818  (it reads as what it says)
    """The budget is spent, or nobody wants the results any more."""


class Stopwatch:
    """Counts the time spent in slices, and stops before there is too much of it."""

    def __init__(self, budget: float, clock: Callable[[], float], rest: Callable[[], bool]) -> None:
        """Begin with nothing spent.

        Args:
            budget: Seconds.
            clock: Seconds that never go back.
            rest: Called before each slice; waits until one may begin, and is false when none may any more.
        """
        self.spent = 0.0
        self._budget, self._clock, self._rest = budget, clock, rest
        self._longest = 0.0

    def slice(self, work: Callable[[], _T]) -> _T:
        """Do a piece of the work.

        Raises:
            OutOfTime: A piece as long as the longest so far would be too long.
        """
        if self.spent + self._longest > self._budget or not self._rest():
            raise OutOfTime
        began = self._clock()
        try:
            return work()
        finally:
            elapsed = self._clock() - began
            self.spent += elapsed
            self._longest = max(self._longest, elapsed)


def select(
    bench: Bench, kernels: list[Kernel], spare: list[Kernel], stopwatch: Stopwatch
) -> Selection | None:
    """Measure kernels in turns.

    Args:
        bench: Where.
        kernels: The default first.
        spare: What is taken when none of them makes the right output.
        stopwatch: Bounds it.

    Returns:
        The winner, or None where not even a spare one makes the right output.

    Raises:
        OutOfTime: Before it was over.
    """
    default = kernels[0]
    agreed = [kernel for kernel in kernels if stopwatch.slice(partial(bench.agrees, kernel))]
    rejected = tuple(kernel.name for kernel in kernels if kernel not in agreed)
    if not agreed:
        agreed = [kernel for kernel in spare if stopwatch.slice(partial(bench.agrees, kernel))]
    if not agreed:
        return None
    best = dict.fromkeys((kernel.name for kernel in agreed), math.inf)

    def measure(runners: list[Kernel], rounds: int) -> Kernel:
        for _ in range(rounds):
            for kernel in runners:
                took = stopwatch.slice(partial(bench.seconds, kernel))
                best[kernel.name] = min(best[kernel.name], took)
        winner = min(runners, key=lambda kernel: best[kernel.name])
        if default in runners and best[default.name] < MARGIN * best[winner.name]:
            return default
        return winner

    winner = measure(agreed, ROUNDS)
    if winner != default and default in agreed:
        winner = measure([default, winner], DUEL)
    times = {name: 1000 * took for name, took in best.items()}
    return Selection(winner.name, digest(bench.text(winner)), default.name, times, rejected)


def candidates_and_spares(operator: Operator, context: Context) -> tuple[list[Kernel], list[Kernel]]:
    """The kernels that are measured, the default first, and those that are only better than nothing."""
    worth, spare = ranked(operator, context)
    return worth[:CANDIDATES], spare


def unmeasured(plan: Plan, choices: Choices) -> Iterator[Dispatch]:
    """What there are several kernels for of which none was chosen."""
    for dispatch in plan.dispatches:
        operator, context = dispatch.operator, dispatch.context
        if len(candidates_and_spares(operator, context)[0]) > 1 and choices.find(operator, context) is None:
            yield dispatch


def tune(
    device: Any,
    plan: Plan,
    choices: Choices,
    *,
    rest: Callable[[], bool] = lambda: True,
    budget: float = BUDGET,
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Measure the kernels of all operators that were not measured before, the most laborious first, and save.

    What the time does not suffice for is left for the next session.

    Args:
        device: An open ``wgpu.GPUDevice`` that nobody waits for.
        plan: What is to be decoded there.
        choices: Where results are added.
        rest: Called before each slice; waits until one may begin, and is false when none may any more.
        budget: Seconds of work, waiting not counted.
        clock: Seconds that never go back, for the budget.

    Returns:
        Whether any kernel but the default has won.

    Raises:
        Exception: Whatever wgpu raises when the device fails.
    """
    stopwatch = Stopwatch(budget, clock, rest)
    changed = False
    try:
        for dispatch in sorted(unmeasured(plan, choices), key=lambda d: -d.operator.multiply_adds):
            operator, context = dispatch.operator, dispatch.context
            if choices.find(operator, context) is not None:
                continue  # its like was measured meanwhile
            kernels, spare = candidates_and_spares(operator, context)
            with ExitStack() as stack:
                made = stopwatch.slice(partial(DeviceBench, device, operator, context))
                choice = select(stack.enter_context(closing(made)), kernels, spare, stopwatch)
            if choice is not None:
                choices.add(operator, context, choice)
                changed |= choice.kernel != choice.default
    except OutOfTime:
        pass
    choices.save()
    return changed
