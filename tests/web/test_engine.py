"""The page's engine against `decode`: every shipped model and every decoder of the zoo, on every path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.engine.reference import as_images, onnxruntime_output
from tests.onnx_model.zoo.every import ZOO
from tests.onnx_model.zoo.judging import latents as exported_latents
from tests.onnx_model.zoo.judging import opened as exported
from tests.web.pages import apart, decoded, node_package, serving, shipped_page
from tests.web.zoo import zoo
from vaevis_tui.engine.graph import import_onnx
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.catalog import names
from vaevis_tui.web.arrays import LEVELS, ArrayFile, Encoding, quantized
from vaevis_tui.web.export import folder_files, single_file
from vaevis_tui.web.measure import measure_weights
from vaevis_tui.web.ort import MODULE, WASM
from vaevis_tui.web.page import ASSETS
from vaevis_tui.web.plans import UnsupportedGraph, Weights, make_web_plans, plan_record
from vaevis_tui.web.text_bytes import text_of

ON_WEBGPU = """async ([name, dim, z, form]) => {
    const { Arrays } = await import("/engine/arrays.js");
    const { GpuDecoder, findAdapter } = await import("/engine/gpu.js");
    const { plans, entries } = await (await fetch(`/${name}.json`)).json();
    const arrays = await Arrays.unpack(entries, (await fetch(`/${name}.bin`)).body);
    const latents = Float32Array.from(z);
    const text = (image) => Array.from(image, (byte) => String.fromCharCode(byte)).join("");
    const decode = async (plan) => {
        const decoder = await GpuDecoder.open(await findAdapter(), plan, arrays, dim);
        const all = await decoder.decode(latents);
        const one = latents.length > dim ? await decoder.decode(latents.subarray(0, dim)) : all;
        decoder.close();
        if (one.some((level, i) => level !== all[i])) throw new Error("in a batch it is another image");
        return text(all);
    };
    return decode(plans[form]);
}"""

ON_THE_CPU = """async ([model, name, z]) => {
    const { OrtDecoder } = await import("/engine/cpu.js");
    const parts = { module: "/ort/MODULE", wasm: "/ort/WASM", model: `/${name}.onnx` };
    const read = async (part) => new Uint8Array(await (await fetch(parts[part])).arrayBuffer());
    const decoder = await OrtDecoder.open(model, read);
    const images = await decoder.decode(Float32Array.from(z));
    decoder.close();
    return Array.from(images, (byte) => String.fromCharCode(byte)).join("");
}""".replace("MODULE", MODULE).replace("WASM", WASM)

FORMS = ("gpu", "software")

ANIMALS = [name for name, _ in zoo()]


class Engine:
    """A page that can import the page's modules, and the folder that it is served from."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page, self._folder = page, folder

    def on_webgpu(
        self, model: Any, weights: Weights, z: NDArray[np.float32], forms: tuple[str, ...] = FORMS
    ) -> dict[str, NDArray[np.uint8]]:
        """Decode latents (n, d) by the page's plans: uint8 (n, h, w, 3) by form."""
        plans, arrays = make_web_plans(model, weights), ArrayFile()
        records = {form: plan_record(getattr(plans, form), weights, arrays) for form in forms}
        entries = [asdict(entry) for entry in arrays.entries]
        self.put("model.json", json.dumps({"plans": records, "entries": entries}).encode())
        self.put("model.bin", arrays.pack(level=1))
        return {form: self.decode(form, z, plans.gpu.graph.output_shape[2:]) for form in forms}

    def put(self, name: str, data: bytes) -> None:
        """Serve a file."""
        (self._folder / name).write_bytes(data)

    def decode(self, form: str, z: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.uint8]:
        """Decode latents (n, d) by a plan of the model that is served: uint8 (n, h, w, 3)."""
        text = self._page.evaluate(ON_WEBGPU, ["model", z.shape[1], z.reshape(-1).tolist(), form])
        return _pixels(text, (len(z), *size))

    def unpacked(self, arrays: ArrayFile) -> list[NDArray[np.float16]]:
        """What the page makes of weights."""
        self.put("model.json", json.dumps([asdict(entry) for entry in arrays.entries]).encode())
        self.put("model.bin", arrays.pack(level=1))
        return [np.array(data, np.uint8).view(np.float16) for data in self._page.evaluate(UNPACKED)]

    def through_text(self, data: bytes) -> bytes:
        """Bytes that lay in a page of one file."""
        block = f'<script type="application/octet-stream" id="ort-wasm" data-bytes="{len(data)}">'
        text = f"\ufeff<!doctype html><title>bytes</title>{block}{text_of(data)}</script>"
        self.put("bytes.html", text.encode("utf-16-le"))
        self._page.goto(urljoin(self._page.url, "/bytes.html"))
        came: str = self._page.evaluate(FROM_TEXT)
        return came.encode("latin-1")

    def on_the_cpu(self, file: bytes, z: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Decode latents (n, d) to images of a shape (c, h, w) by onnxruntime-web: uint8 (n, h, w, 3)."""
        channels, height, width = shape
        record = {"height": height, "width": width, "channels": channels, "space": {"dim": z.shape[1]}}
        self.put("model.onnx", file)
        text = self._page.evaluate(ON_THE_CPU, [record, "model", z.reshape(-1).tolist()])
        return _pixels(text, (len(z), height, width))


def _pixels(text: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("latin-1"), np.uint8).reshape(*shape, 4)[..., :3]


@pytest.fixture(scope="module")
def engine(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("engine")
    (folder / "index.html").write_text("<!doctype html><title>engine</title>")
    for part in ("engine", "latent", "page"):
        (folder / part).symlink_to(ASSETS / part)
    (folder / "ort").symlink_to(node_package("onnxruntime-web") / "dist")
    with serving(folder, Cache_Control="no-store") as address:
        page = browser.new_page()
        page.goto(address)
        yield Engine(page, folder)
        page.close()


MAX_PAGE = {"dog": 17e6, "mnist": 4e6, "mnist-2d": 2e6}
"""Bytes of a page to load, and of one that is a single file."""


@pytest.mark.parametrize("name", names())
def test_shipped_models(engine: Engine, name: str) -> None:
    """As their pages hold them."""
    bundle, made = open_bundle(name), shipped_page(name)
    z = bundle.space.sample(0, 2)
    expected = decoded(bundle, z)
    files = folder_files(made, None)
    for file in ("model.json", "model.bin"):
        engine.put(file, files[file])
    size = bundle.image_height, bundle.image_width
    assert apart(engine.decode("software", z, size), expected) <= 1
    assert apart(engine.decode("gpu", z[:1], size), expected[:1]) <= 1
    decoder = bundle.read_decoder().model.SerializeToString()
    assert apart(engine.on_the_cpu(decoder, z, (bundle.channels, *size)), expected) <= 1
    assert max(sum(map(len, files.values())), len(single_file(made, None))) <= MAX_PAGE[name]


@pytest.mark.parametrize("name", ANIMALS)
def test_the_zoo(engine: Engine, name: str) -> None:
    """With the weights' own numbers: random ones lose more in float16 than those that were stored so."""
    builder = dict(zoo())[name]
    model, z = builder.model(), builder.latents(2)
    # One at a time, for a weight that z makes is that of one image.
    expected = np.concatenate([as_images(onnxruntime_output(model, each[None])) for each in z])
    graph = import_onnx(model)
    for form, images in engine.on_webgpu(graph, "float32", z).items():
        assert apart(images, expected) <= 1, form
    file = model.SerializeToString()
    assert apart(engine.on_the_cpu(file, z, graph.output_shape[1:]), expected) <= 1


NOT_IN_ORT_WEB = ("resized by 1.4, where 15 times that is 21 in single precision alone",)
"""Decoders that onnxruntime-web refuses: there, 15 times 1.4 is 20."""


@pytest.mark.parametrize("name", ZOO)
def test_decoders_as_people_export_them(engine: Engine, name: str, tmp_path: Path) -> None:
    """What is adapted, the page shows: on WebGPU where the engine has the operators, and on the CPU.

    By what they are to look like: onnxruntime for processors is two levels off where weights have four bits.
    """
    animal = ZOO[name]()
    bundle, z = exported(animal, tmp_path), exported_latents(animal)[:2]
    expected = as_images(animal.image(z))
    checked, shape = bundle.fixed_decoder(), (bundle.channels, bundle.image_height, bundle.image_width)
    try:
        images = engine.on_webgpu(checked, "float32", z, ("software",))["software"]
    except UnsupportedGraph:
        assert not animal.wgpu
    else:
        assert apart(images, expected) <= 1
    if name not in NOT_IN_ORT_WEB:
        images = engine.on_the_cpu(checked.model.SerializeToString(), z, shape)
        assert apart(images, expected) <= 1


UNPACKED = """async () => {
    const { Arrays } = await import("/engine/arrays.js");
    const entries = await (await fetch("/model.json")).json();
    const arrays = await Arrays.unpack(entries, (await fetch("/model.bin")).body);
    return entries.map((_, index) => Array.from(arrays.bytes(index)));
}"""


FROM_TEXT = """async () => {
    const { ortPart } = await import("/page/load.js");
    return Array.from(await ortPart({}, "wasm"), (byte) => String.fromCharCode(byte)).join("");
}"""


def test_bytes_arrive_through_text(engine: Engine) -> None:
    """Every pair of bytes; an odd number of them; what would end the element."""
    every = np.arange(1 << 16, dtype="<u2").tobytes()
    for data in (every, every[::-1], "</script><!--\r\n".encode("utf-16-le") + b"\0", b""):
        assert engine.through_text(data) == data


def test_weights_arrive_as_they_were_measured(engine: Engine) -> None:
    """To the bit, the smallest numbers that float16 has among them."""
    weights = np.random.default_rng(0).standard_normal(1001).astype(np.float16)
    weights[64:128] *= np.float16(1e-6)
    weights[128:192] = 0
    weights[192:256] *= np.float16(1e4)
    arrays = ArrayFile()
    encodings: tuple[Encoding, ...] = ("float16", "int12", "int8")
    for encoding in encodings:
        arrays.add(weights, encoding)
    expected = [weights, quantized(weights, LEVELS["int12"]), quantized(weights, LEVELS["int8"])]
    found = engine.unpacked(arrays)
    for encoding, sent, came in zip(encodings, expected, found, strict=True):
        np.testing.assert_array_equal(came[:1001].view(np.uint16), sent.view(np.uint16), encoding)


def test_what_weights_cost_is_measured_right(engine: Engine) -> None:
    bundle = open_bundle("mnist-2d")
    z = bundle.space.sample(0, 8)
    expected = decoded(bundle, z)
    images = engine.on_webgpu(bundle.read_decoder(), "int8", z, ("software",))["software"]
    measured = measure_weights(make_web_plans(bundle.read_decoder(), "int8"), z, expected)
    assert measured is not None
    assert abs(apart(images, expected) - measured.largest) <= 1
    assert 1 < measured.largest < 12
