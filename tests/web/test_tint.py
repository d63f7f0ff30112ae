"""Every kernel's WGSL compiles in Chromium's Tint as it does in wgpu's Naga, which forgives other things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from playwright.sync_api import Page

from tests.web.zoo import zoo
from vaevis_tui import resources
from vaevis_tui.engine.graph import import_onnx, rewrite
from vaevis_tui.engine.graph.expression import FUNCTIONS
from vaevis_tui.engine.graph.onnx_import import OPERATORS
from vaevis_tui.engine.wgpu.kernels import KERNELS, Limits, candidates
from vaevis_tui.engine.wgpu.legalize import legalize
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.models.catalog import names

COMPILE = """async (texts) => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter.requestDevice({ requiredFeatures: ["subgroups"] });
    const complaints = await Promise.all(texts.map(async (code) => {
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        return messages.map((m) => `${m.message}: ${code.split("\\n")[m.lineNum - 1].trim()}`);
    }));
    device.destroy();
    return complaints;
}"""


FORMS = [(False, 0), (True, 0), (True, 8)]
"""Whether tensors lie in textures, and how many lanes read each other's values."""


def texts(model: Any, precisions: tuple[str, ...], every: bool) -> Iterator[tuple[str, str]]:
    """Name and WGSL of a plan's kernels, or of every kernel that could take its place, in every form."""
    graph = rewrite(import_onnx(model))
    for (textures, subgroup), precision in product(FORMS, precisions):
        limits = Limits(subgroup=subgroup)
        plan = make_plan(
            legalize(graph, limits, textures),
            limits=limits,
            software=textures,
            textures=textures,
            precision=precision,
        )
        for dispatch in plan.dispatches:
            name = f"{dispatch.kernel} {dispatch.operator.kind}"
            yield name, for_tint(dispatch.source)
            for kernel in candidates(dispatch.operator, dispatch.context) if every else ():
                source = kernel.lower(dispatch.operator, dispatch.context).source
                yield f"{kernel.name} {dispatch.operator.kind}", for_tint(source)


def for_tint(source: str) -> str:
    """Reading other lanes' values has to be announced in a browser, which Naga in turn refuses to hear."""
    return f"enable subgroups;\n{source}" if "subgroupBroadcast" in source else source


def test_every_kernel_compiles(page: Page) -> None:
    found: dict[str, str] = {}
    for name in names():
        decoder = str(resources.weights_dir() / name / "decoder.onnx")
        found |= {text: f"{name}: {kernel}" for kernel, text in texts(decoder, ("auto",), every=False)}
    for name, builder in zoo():
        whole = name.startswith("like-")  # many sizes of what the others have in every form
        every = texts(builder.model(), ("auto",) if whole else ("float16", "float32"), every=not whole)
        found |= {text: f"{name}: {kernel}" for kernel, text in every}
    complaints = page.evaluate(COMPILE, list(found))
    refused = {place: said for place, said in zip(found.values(), complaints, strict=True) if said}
    assert len(found) > 1000
    assert refused == {}


def test_what_tint_refuses_is_noticed(page: Page) -> None:
    """The fault that Naga let pass: it binds tighter than Tint will guess."""
    text = "@compute @workgroup_size(1) fn main() { let x = 2u; _ = x * 3u | 4u; }"
    ((said,),) = page.evaluate(COMPILE, [text])
    assert "requires parenthesis" in said


def test_the_zoo_needs_everything() -> None:
    """Whoever adds an operator, a kernel or a function adds an animal that needs it."""
    kernels, called, operators = set(), set(), set()
    for _, builder in zoo():
        operators |= {node.op_type for node in builder.nodes}
        for software in (False, True):
            graph = legalize(rewrite(import_onnx(builder.model())), Limits(), textures=False)
            for dispatch in make_plan(graph, software=software, textures=False).dispatches:
                kernels |= set(candidates(dispatch.operator, dispatch.context))
                called |= set(re.findall(r"\b(\w+)\(", dispatch.source))
    missing = "add a decoder that needs it to tests/web/zoo.py, or it to one of those"
    assert set(KERNELS) - kernels == set(), missing
    assert FUNCTIONS.keys() - called == set(), missing
    assert OPERATORS.keys() - operators == set(), missing
