"""The page's engine against `decode`: every shipped model and every decoder of the zoo, on every path."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.engine.reference import Builder, as_images, onnxruntime_output
from tests.web.pages import apart, decoded, node_package, serving
from tests.web.zoo import zoo
from vaevis_tui.engine.graph import import_onnx
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.catalog import names
from vaevis_tui.web.arrays import ArrayFile
from vaevis_tui.web.measure import measure_weights
from vaevis_tui.web.ort import MODULE, WASM
from vaevis_tui.web.page import ASSETS
from vaevis_tui.web.plans import Weights, make_web_plans, plan_record

ON_WEBGPU = """async ([plan, entries, packed, dim, z]) => {
    const { Arrays } = await import("/engine/arrays.js");
    const { GpuDecoder, findAdapter } = await import("/engine/gpu.js");
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const arrays = await Arrays.unpack(entries, new Response(bytes).body);
    const decoder = await GpuDecoder.open(await findAdapter(), plan, arrays, dim);
    const one = await decoder.decode(Float32Array.from(z.slice(0, dim)));
    const all = await decoder.decode(Float32Array.from(z));
    decoder.close();
    if (one.some((level, i) => level !== all[i])) throw new Error("alone and in a batch it is another image");
    return Array.from(all);
}"""

ON_THE_CPU = """async ([model, graph, z]) => {
    const { OrtDecoder } = await import("/engine/cpu.js");
    const get = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
    const parts = { module: "/ort/MODULE", wasm: "/ort/WASM" };
    const bytes = Uint8Array.from(atob(graph), (letter) => letter.charCodeAt(0));
    const read = (name) => (name === "model" ? Promise.resolve(bytes) : get(parts[name]));
    const decoder = await OrtDecoder.open(model, read);
    return Array.from(await decoder.decode(Float32Array.from(z)));
}""".replace("MODULE", MODULE).replace("WASM", WASM)

ANIMALS = [name for name, _ in zoo()]


@pytest.fixture(scope="module")
def engine(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that can import the page's modules, and onnxruntime-web where npm brought it."""
    folder: Path = tmp_path_factory.mktemp("engine")
    (folder / "index.html").write_text("<!doctype html><title>engine</title>")
    for part in ("engine", "latent", "page"):
        (folder / part).symlink_to(ASSETS / part)
    (folder / "ort").symlink_to(node_package("onnxruntime-web") / "dist")
    with serving(folder) as address:
        page = browser.new_page()
        page.goto(address)
        yield page
        page.close()


def on_webgpu(
    page: Page, model: Any, form: str, weights: Weights, z: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Decode latents (n, d) by a plan of the page: uint8 (n, h, w, 3)."""
    plans, arrays = make_web_plans(model, weights), ArrayFile()
    plan = plans.gpu if form == "gpu" else plans.software
    record = plan_record(plan, weights, arrays)
    entries = [asdict(entry) for entry in arrays.entries]
    packed = base64.b64encode(arrays.pack()).decode()
    numbers = page.evaluate(ON_WEBGPU, [record, entries, packed, z.shape[1], z.reshape(-1).tolist()])
    height, width = plan.graph.output_shape[2:]
    return np.array(numbers, np.uint8).reshape(len(z), height, width, 4)[..., :3]


@pytest.mark.parametrize("form", ["gpu", "software"])
@pytest.mark.parametrize("name", names())
def test_shipped_models(engine: Page, name: str, form: str) -> None:
    bundle = open_bundle(name)
    z = bundle.space.sample(0, 2)
    found = on_webgpu(engine, bundle.read_decoder(), form, "float16", z)
    assert apart(found, decoded(bundle, z)) <= 1


@pytest.mark.parametrize("name", ANIMALS)
def test_the_zoo(engine: Page, name: str) -> None:
    """With the weights' own numbers: random ones lose more in float16 than those that were stored so."""
    builder = dict(zoo())[name]
    model, z = builder.model(), builder.latents(2)
    expected = as_images(onnxruntime_output(model, z))
    for form in ("gpu", "software"):
        assert apart(on_webgpu(engine, import_onnx(model), form, "float32", z), expected) <= 1, form
    assert apart(on_the_cpu(engine, builder, z), expected) <= 1


def on_the_cpu(page: Page, builder: Builder, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Decode latents (n, d) by onnxruntime-web: uint8 (n, h, w, 3)."""
    model = builder.model()
    channels, height, width = import_onnx(model).output_shape[1:]
    record = {"height": height, "width": width, "channels": channels, "space": {"dim": z.shape[1]}}
    graph = base64.b64encode(model.SerializeToString()).decode()
    numbers = page.evaluate(ON_THE_CPU, [record, graph, z.reshape(-1).tolist()])
    return np.array(numbers, np.uint8).reshape(len(z), height, width, 4)[..., :3]


def test_int8_weights_are_what_they_were_measured_as(engine: Page) -> None:
    """The page makes of int8 exactly the float16 numbers that the export compared."""
    bundle = open_bundle("mnist-2d")
    z = bundle.space.sample(0, 8)
    expected = decoded(bundle, z)
    found = on_webgpu(engine, bundle.read_decoder(), "software", "int8", z)
    measured = measure_weights(make_web_plans(bundle.read_decoder(), "int8"), z, expected)
    assert measured is not None
    assert abs(apart(found, expected) - measured.largest) <= 1
    assert 1 < measured.largest < 12
