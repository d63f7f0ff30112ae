"""The page's engine beside the naive chain and onnxruntime-web, in one browser on one adapter; how it opens.

    python -m tests.benchmarks.web [--networks vaevis dog mnist] [--rounds 3]

All decode one latent in turns in headless Chromium on a software adapter, readback included; ratios count,
not times. onnxruntime-web decodes by its own WebGPU kernels. The page is opened from a server on this
machine: until the first image is there, which the page carries, and until something has decoded.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks.decoders import NETWORKS
from tests.benchmarks.naive import NaiveChain
from tests.web.conftest import ARGUMENTS, chromium
from tests.web.pages import node_package, ort_source, serving, shipped_page
from vaevis_tui.engine.graph import import_onnx
from vaevis_tui.web.arrays import ArrayFile
from vaevis_tui.web.export import folder_files, write_folder
from vaevis_tui.web.page import ASSETS
from vaevis_tui.web.plans import make_web_plans, plan_record

OPEN = """async ([plan, entries, packed, dim, naive, z]) => {
    const { Arrays } = await import("/engine/arrays.js");
    const { GpuDecoder, findAdapter } = await import("/engine/gpu.js");
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const arrays = await Arrays.unpack(entries, new Response(bytes(packed)).body);
    const ours = await GpuDecoder.open(await findAdapter(), plan, arrays, dim);
    const device = await (await findAdapter()).requestDevice();
    const buffers = naive.buffers.map(([size, usage]) => device.createBuffer({ size, usage }));
    for (const [index, data] of naive.data) device.queue.writeBuffer(buffers[index], 0, bytes(data));
    const pipelines = naive.steps.map(({ code }) => device.createComputePipeline({
        layout: "auto", compute: { module: device.createShaderModule({ code }), entryPoint: "main" } }));
    const groups = naive.steps.map(({ bound }, step) => device.createBindGroup({
        layout: pipelines[step].getBindGroupLayout(0),
        entries: bound.map((index, binding) => ({ binding, resource: { buffer: buffers[index] } })) }));
    const latent = Float32Array.from(z);
    window.ours = () => ours.decode(latent);
    window.naive = async () => {
        device.queue.writeBuffer(buffers[naive.input], 0, latent);
        const encoder = device.createCommandEncoder();
        naive.steps.forEach(({ workgroups }, step) => {
            const pass = encoder.beginComputePass();
            pass.setPipeline(pipelines[step]);
            pass.setBindGroup(0, groups[step]);
            pass.dispatchWorkgroups(workgroups);
            pass.end();
        });
        const staging = buffers[naive.staging];
        encoder.copyBufferToBuffer(buffers[naive.image], 0, staging, 0, staging.size);
        device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        const image = new Uint8ClampedArray(staging.getMappedRange()).slice();
        staging.unmap();
        return image;
    };
    const runtime = await import("/ort/ort.webgpu.bundle.min.mjs");
    runtime.env.wasm.wasmPaths = "/ort/";
    runtime.env.wasm.numThreads = 1;
    const session = await runtime.InferenceSession.create("/model.onnx", { executionProviders: ["webgpu"] });
    window.ort = async () => {
        const input = new runtime.Tensor("float32", latent, [1, dim]);
        const output = await session.run({ [session.inputNames[0]]: input });
        return output[session.outputNames[0]].getData();
    };
    const [a, b, c] = [await window.ours(), await window.naive(), await window.ort()];
    const pixels = a.length / 4;
    const level = (i) => Math.round(255 * c[((i % 4) % (c.length / pixels)) * pixels + Math.floor(i / 4)]);
    const apart = (i) => Math.max(Math.abs(a[i] - b[i]), i % 4 === 3 ? 0 : Math.abs(a[i] - level(i)));
    return a.reduce((most, _, i) => Math.max(most, apart(i)), 0);
}"""

TIME = """async (name) => {
    const from = performance.now();
    let images = 0;
    do {
        await window[name]();
        images++;
    } while (performance.now() - from < 100);
    return (performance.now() - from) / images;
}"""
"""Milliseconds an image in a turn, of one after the other for a tenth of a second, as a walk decodes them."""


class Recorder:
    """Stands in for a device of wgpu-py and notes what the naive chain asks of it."""

    def __init__(self) -> None:
        self.queue = self
        self.buffers: list[_Buffer] = []
        self.written: dict[int, bytes] = {}

    def create_buffer(self, size: int, usage: int) -> _Buffer:
        self.buffers.append(_Buffer(len(self.buffers), size, int(usage)))
        return self.buffers[-1]

    def write_buffer(self, buffer: _Buffer, offset: int, array: Any) -> None:
        self.written[buffer.index] = np.ascontiguousarray(array).tobytes()

    def create_shader_module(self, code: str) -> str:
        return code

    def create_compute_pipeline(self, layout: str, compute: dict[str, Any]) -> _Pipeline:
        return _Pipeline(compute["module"])

    def create_bind_group(self, layout: object, entries: list[dict[str, Any]]) -> list[int]:
        return [entry["resource"]["buffer"].index for entry in entries]


class _Buffer:
    def __init__(self, index: int, size: int, usage: int) -> None:
        self.index, self.size, self.usage = index, size, usage


class _Pipeline:
    def __init__(self, code: str) -> None:
        self.code = code

    def get_bind_group_layout(self, index: int) -> int:
        return index


def naive_record(model: Any) -> dict[str, Any]:
    """The naive chain of a model as data for a browser."""
    graph, device = import_onnx(model), Recorder()
    chain = NaiveChain(device, graph)
    return {
        "buffers": [[buffer.size, buffer.usage] for buffer in device.buffers],
        "data": [[index, base64.b64encode(data).decode()] for index, data in device.written.items()],
        "steps": [
            {"code": pipeline.code, "bound": bound, "workgroups": count}
            for pipeline, bound, count in chain._steps
        ],
        "input": chain._tensors[graph.input].index,
        "image": chain._picture.index,
        "staging": chain._staging.index,
    }


def compare(page: Page, model: Any, rounds: int) -> dict[str, float]:
    """Milliseconds an image of this engine, the naive chain and onnxruntime-web, the least of some rounds."""
    plans, arrays = make_web_plans(import_onnx(model)), ArrayFile()
    record = plan_record(plans.software, plans.weights, arrays)
    entries = [asdict(entry) for entry in arrays.entries]
    dim = plans.software.graph.input_shape[1]
    z = np.random.default_rng(0).standard_normal(dim).astype(np.float32).tolist()
    packed = base64.b64encode(arrays.pack()).decode()
    furthest = page.evaluate(OPEN, [record, entries, packed, dim, naive_record(model), z])
    assert furthest <= 2, f"two of them are {furthest} levels apart"
    times: dict[str, list[float]] = {"ours": [], "naive": [], "ort": []}
    for _ in range(rounds):
        for name, found in times.items():
            found.append(page.evaluate(TIME, name))
    return {name: min(found) for name, found in times.items()}


def open_page(browser: Browser, name: str) -> tuple[float, float, float]:
    """Megabytes of a page, and milliseconds until its first image and until something has decoded."""
    ort = ort_source()
    files = folder_files(shipped_page(name, ort=True), ort)
    weight = sum(len(data) for path, data in files.items() if not path.startswith(("ort/", "decoder.onnx")))
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), files, force=True)
        with serving(Path(folder)) as address:
            page = browser.new_page()
            page.goto(address, wait_until="commit")
            first = page.evaluate("""async () => {
                while (!document.getElementById("poster")?.naturalWidth) {
                    await new Promise((done) => requestAnimationFrame(done));
                }
                return performance.now();
            }""")
            page.wait_for_load_state("load")
            live = page.evaluate("vaevis.ready.then(() => performance.now())")
            page.close()
    return weight / 1e6, first, live


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        shutil.copytree(ASSETS / "engine", Path(folder) / "engine")
        (Path(folder) / "ort").symlink_to(node_package("onnxruntime-web") / "dist")
        (Path(folder) / "index.html").write_text("<!doctype html>")
        with serving(Path(folder)) as address:
            for name in options.networks:
                page = browser.new_page()
                page.goto(address)
                model = NETWORKS[name]()
                (Path(folder) / "model.onnx").write_bytes(model.SerializeToString())
                times = compare(page, model, options.rounds)
                ours = times.pop("ours")
                others = [f"{each} {time:.0f} ms, {time / ours:.1f} times" for each, time in times.items()]
                print(f"{name}: {ours:.0f} ms; {'; '.join(others)}", flush=True)
                page.close()
        weight, first, live = open_page(browser, "dog")
        print(f"page of dog: {weight:.1f} MB, first image after {first:.0f} ms, decodes after {live:.0f} ms")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
