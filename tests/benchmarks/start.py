"""Time from the start of a process until the wgpu engine is ready, and until its first picture is in memory.

    python -m tests.benchmarks.start [--networks mnist dog] [--starts 5] [--json]

Every start is a process of its own with a warm disk. *Ready* is all of it: interpreter, imports, reading and
checking the file, the device, weights and pipelines. Mesa's llvmpipe compiles a shader when it first runs
and keeps it on disk: with ``--cold`` its cache is empty. Processor time says what a busy machine hides; in a
checkout it holds what an installation has not, compiling the sources, where Python may write no byte code.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.decoders import NETWORKS
from vaevis_tui import resources

CHILD = """
import json, sys, time
from vaevis_tui.api import load
with load(sys.argv[1], backend="wgpu") as model:
    ready, processor = time.time(), time.process_time()
    model.decode(model.space.first_look)
    first = time.time()
    adapter = model.info.adapter
print(json.dumps({"ready": ready, "first": first, "processor": processor, "adapter": adapter}))
"""

KEYS = ("ready", "first", "processor")


def start(model: Path, environment: dict[str, str]) -> dict[str, Any]:
    """One start: milliseconds since the process was started, and of processor time until it was ready."""
    began = time.time()
    command = [sys.executable, "-c", CHILD, str(model)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(ran.stdout)
    for key in KEYS:
        told[key] = 1000 * (told[key] - (0 if key == "processor" else began))
    return told


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=["mnist", "dog"])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="with no compiled shaders on disk")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    import onnx

    results: dict[str, dict[str, float]] = {}
    for name in options.networks:
        with tempfile.TemporaryDirectory() as folder:
            path = resources.weights_dir() / name
            if not path.exists():
                path = Path(folder) / "decoder.onnx"
                onnx.save(NETWORKS[name](), str(path))
            starts = []
            for index in range(options.starts + 1):  # the first one warms up
                environment = dict(os.environ)
                if options.cold:
                    environment["MESA_SHADER_CACHE_DIR"] = str(Path(folder) / f"cache{index}")
                starts.append(start(path, environment))
        row = results[name] = {key: statistics.median(told[key] for told in starts[1:]) for key in KEYS}
        if not options.json:
            print(
                f"{name} on {starts[0]['adapter']}: ready after {row['ready']:.0f} ms, of which "
                f"{row['processor']:.0f} are processor time; first picture after {row['first']:.0f} ms"
            )
    if options.json:
        print(json.dumps(results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
