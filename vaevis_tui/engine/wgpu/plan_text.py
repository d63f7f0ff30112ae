"""A plan as text, for `doctor --plan`."""

from __future__ import annotations

from vaevis_tui.engine.graph.expression import RESULT, Call, Expression, Literal, Operand, Result
from vaevis_tui.engine.graph.ir import Operator
from vaevis_tui.engine.wgpu.arena import arena_of
from vaevis_tui.engine.wgpu.kernels import ranked
from vaevis_tui.engine.wgpu.plan import Dispatch, Plan
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices


def plan_text(plan: Plan, choices: Choices | None = None) -> str:
    """The plan as text: dispatches, kernels, buffers with their arena offsets, bytes, multiply-adds.

    Args:
        plan: Of one decoder.
        choices: To say which kernels were measured, and by how much they won.
    """
    arena = arena_of(plan, 1, 256)
    rows = [_COLUMNS]
    for index, dispatch in enumerate(plan.dispatches):
        operator = dispatch.operator
        own = sum(plan.constants[name].nbytes for name in dispatch.bindings if name in plan.constants)
        place = arena.placements.get(operator.output)
        made = "rgba8" if plan.packed else "floats"
        rows.append(
            (
                str(index),
                operator.kind,
                dispatch.kernel,
                _measured(dispatch, choices),
                "x".join(map(str, operator.shape[1:])),
                "x".join(map(str, dispatch.workgroups)),
                f"{operator.multiply_adds:,}",
                f"{own:,}",
                f"{plan.sizes[operator.output]:,}",
                f"{place.bank}+{place.offset}" if place else made,
                expression_text(operator),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    weights = sum(array.nbytes for array in plan.constants.values())
    kept = "float16 where lossless" if plan.half else "float32"
    held = "textures" if plan.textures else "buffers"
    lines.append(
        f"{len(plan.dispatches)} dispatches, {plan.graph.multiply_adds:,} multiply-adds; "
        f"weights {weights:,} bytes ({kept}); {held}: {sum(arena.banks):,} bytes in {len(arena.banks)} banks "
        f"for {sum(plan.sizes[name] for name in plan.between):,} bytes of tensors"
    )
    return "\n".join(lines)


def _measured(dispatch: Dispatch, choices: Choices | None) -> str:
    """What measuring came to, e.g. ``1.18x tile_4x2``: the winner is so much faster than the default."""
    operator, context = dispatch.operator, dispatch.context
    if choices is None or len(ranked(operator, context)[0]) < 2:
        return ""
    choice = choices.find(operator, context)
    if choice is None:
        return "not yet"
    rejected = f", {len(choice.rejected)} wrong" if choice.rejected else ""
    if choice.kernel == choice.default:
        return f"best of {len(choice.times)}{rejected}"
    if choice.default in choice.rejected:
        return f"not {choice.default}, which is wrong"
    return f"{choice.gain:.2f}x {choice.default}{rejected}"


_COLUMNS = (
    "",
    "operator",
    "kernel",
    "measured",
    "output",
    "groups",
    "mul-adds",
    "weights",
    "bytes",
    "place",
    "epilogue",
)


def expression_text(operator: Operator) -> str:
    """An epilogue for people, e.g. ``relu(add(result, conv_3))``; empty where there is none."""

    def text(node: Expression) -> str:
        match node:
            case Result():
                return "result"
            case Operand(index):
                return operator.operands[index]
            case Literal(value):
                return f"{value:g}"
            case Call(function, arguments):
                return f"{function}({', '.join(map(text, arguments))})"

    return "" if operator.epilogue == RESULT else text(operator.epilogue)
