"""Damaged and hostile files: each is read, or refused in one line, soon and in little memory.

    python -m tests.fuzz.files [--count 10000 | --minutes 10] [--seed 0] [--kind onnx] [--keep FOLDER]

Every input follows from the seed, its kind and its number. What fails is told once a place in the program,
and kept in a folder. At the end come rows for the table in docs/robustness.md. The exit code is 1 if anything
failed. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from PIL import Image

from tests.fuzz import changes
from tests.fuzz.graph_seeds import STEPS, seed_model
from tests.fuzz.graphs import changed
from tests.fuzz.guard import fault_of, limited
from tests.models.make import card_text, decoder_model, encoder_model, latents_arrays
from tests.tui.support import make_bundle
from vaevis_tui.engine.graph import import_onnx, rewrite
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.config import CONFIG_VARIABLE, config_path, read_config, template
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.explorer.storage.session import read_session
from vaevis_tui.export.picture import read_picture
from vaevis_tui.export.png import encode_png, read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.export.vectors import pack, read_vectors
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.card import read_card
from vaevis_tui.models.latents_file import read_latents
from vaevis_tui.onnx_model.limits import LIMITS_VARIABLE
from vaevis_tui.onnx_model.load import load_decoder, load_encoder

LIMITS = 1 / 256
"""Of what a model may take, while they are tried: 8 MiB of tensors and a billion multiply-adds, so that one
that keeps to its limits takes less time and memory than `guard` allows."""

Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        title: What such files are called in the table of docs/robustness.md.
        name: Of the file.
        seeds: Good files by name.
        changes: What is done to them, one or the other.
        read: What the program does with one.
    """

    title: str
    name: str
    seeds: Callable[[], Mapping[str, bytes]]
    changes: tuple[Change, ...]
    read: Callable[[Path], object]


@contextmanager
def own_folders() -> Iterator[Path]:
    """A folder for caches, states and files alone, and limits of models that suit `guard`."""
    with tempfile.TemporaryDirectory() as folder:
        names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        new = {**{name: str(Path(folder, name)) for name in names}, LIMITS_VARIABLE: str(LIMITS)}
        new[CONFIG_VARIABLE] = str(Path(folder, "config.toml"))
        old = {name: os.environ.get(name) for name in new}
        os.environ.update(new)
        try:
            yield Path(folder)
        finally:
            for name, value in old.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


# What is read


def _decoder(path: Path) -> None:
    bundle = open_bundle(path)
    with OnnxRuntimeDecoder(bundle) as decoder:
        images = decoder.decode(np.zeros((2, bundle.latent_dim), np.float32))
    assert images.shape == (2, bundle.image_height, bundle.image_width, 3)
    rewrite(import_onnx(bundle.read_decoder()))


@cache
def _small() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "decoder.onnx")
        path.write_bytes(decoder_model(3, height=8, width=8).SerializeToString())
        return load_decoder(path)


def _encoder(path: Path) -> None:
    load_encoder(path, _small(), np.zeros((2, 3), np.float32))


def _config(path: Path) -> None:
    there = config_path()
    there.parent.mkdir(parents=True, exist_ok=True)
    path.replace(there)
    read_config()


@cache
def _bundle() -> Any:
    return make_bundle(latent_dim=4)


def _session(path: Path) -> None:
    exploration = Exploration("m", _bundle(), resumed=read_session(path))
    exploration.undo()
    exploration.session("auto").to_text()


def _bookmarks(path: Path) -> None:
    folder = path.parent / "models" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    path.replace(folder / "bookmarks.json")
    Bookmarks(ModelData("ab", folder.parent), 4)


def _snapshot(path: Path) -> None:
    assert SnapshotInfo.from_metadata(read_metadata(path)).latent.ndim == 1


def _photo(path: Path) -> None:
    assert read_picture(path).fitted(28, 28).shape == (28, 28, 3)


def _vectors(path: Path) -> None:
    assert read_vectors(path, 4).shape[1] == 4


def _standard_input(path: Path) -> None:
    old = sys.stdin
    try:
        with path.open(encoding="utf-8") as sys.stdin:
            read_vectors("-", 4)
    finally:
        sys.stdin = old


# Good files


def _graphs() -> Mapping[str, bytes]:
    return {name: seed_model(name).SerializeToString() for name in STEPS}


def _encoders() -> Mapping[str, bytes]:
    weight = np.random.default_rng(0).standard_normal((192, 3)).astype(np.float32)
    return {"linear": encoder_model(weight, (3, 8, 8)).SerializeToString()}


def _npz(arrays: Mapping[str, Any]) -> bytes:
    file = BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _sessions() -> Mapping[str, bytes]:
    exploration = Exploration("m", _bundle(), seed=1)
    for _ in range(3):
        exploration.random(1.0)
    exploration.undo()
    return {"session": exploration.session("auto").to_text().encode()}


def _kept() -> Mapping[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        marks = Bookmarks(ModelData("ab", Path(folder)), 4)
        for index in range(2):
            marks.add(np.full(4, index, np.float32), "", np.full((6, 5, 3), 90, np.uint8))
        return {"two": next(Path(folder).rglob("bookmarks.json")).read_bytes()}


def _image(mode: str, kind: str, **options: Any) -> bytes:
    file, pixels = BytesIO(), np.random.default_rng(0).integers(0, 255, (20, 30, 4), np.uint8)
    Image.fromarray(pixels).convert("RGB").convert(mode).save(file, kind, **options)
    return file.getvalue()


def _snapshots() -> Mapping[str, bytes]:
    info = SnapshotInfo(model="m", version="0", z=(0.5, 1.0), seed=1, backend="wgpu", decoder_hash="")
    pixels = np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)
    return {"snapshot": encode_png(pixels, 1, info.to_metadata())}


def _photos() -> Mapping[str, bytes]:
    modes = {mode: _image(mode, "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")}
    others = {kind: _image("RGB", kind) for kind in ("JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")}
    exif = Image.Exif()
    exif[0x112] = 6
    return {
        **modes,
        **others,
        "turned": _image("RGB", "JPEG", exif=exif),
        "lzw": _image("RGB", "TIFF", compression="tiff_lzw"),
    }


def _vector_files() -> Mapping[str, bytes]:
    z = np.array([[0.5, -1, 2, 0], [1, 2, 3, 4]], np.float32)
    return {kind: pack(kind, {"z": z}) for kind in ("csv", "json", "npy", "npz")}


def _vector_text() -> Mapping[str, bytes]:
    texts = (
        "tensor([ 0.5, -1., 2., 0.])",
        "[0.5 -1. 2. 0.]",
        '{"z": [0.5, -1, 2, 0]}\n',
        "z0,z1,z2,z3\n0.5,1,2,3\n",
        "0.5 1 2 3\n",
    )
    return {text[:8]: text.encode() for text in texts}


def _change_graph(data: bytes, rng: random.Random) -> bytes:
    return changed(onnx.ModelProto.FromString(data), rng)


def _change_any_json(data: bytes, rng: random.Random) -> bytes:
    return changes.json_text(data, rng) if data.startswith(b"{") else changes.any_bytes(data, rng)


def _change_vectors(data: bytes, rng: random.Random) -> bytes:
    if data.startswith(b"PK"):
        return changes.npz(data, rng)
    return changes.npy(data, rng) if data.startswith(b"\x93") else changes.any_bytes(data, rng)


def _change_photo(data: bytes, rng: random.Random) -> bytes:
    return changes.png(data, rng) if data.startswith(b"\x89PNG") else changes.any_bytes(data, rng)


KINDS: Mapping[str, Kind] = {
    "onnx": Kind(
        "decoders (ONNX)",
        "a.onnx",
        _graphs,
        (_change_graph, _change_graph, _change_graph, changes.any_bytes),
        _decoder,
    ),
    "encoder": Kind(
        "encoders (ONNX)", "encoder.onnx", _encoders, (_change_graph, changes.any_bytes), _encoder
    ),
    "card": Kind(
        "model cards",
        "model.toml",
        lambda: {"card": card_text("digits", 8, 28, 28, 1, 1234).encode()},
        (changes.toml,),
        read_card,
    ),
    "config": Kind(
        "settings",
        "config.toml",
        lambda: {"config": re.sub(r'(?m)^# (?=[\w".]+ = )', "", template()).encode()},
        (changes.toml,),
        _config,
    ),
    "latents": Kind(
        "latents.npz",
        "latents.npz",
        lambda: {"two": _npz(latents_arrays(2, labels=("a",))), "eight": _npz(latents_arrays(8))},
        (changes.npz, changes.any_bytes),
        read_latents,
    ),
    "session": Kind("sessions", "session.json", _sessions, (changes.json_text,), _session),
    "bookmarks": Kind("bookmarks", "bookmarks", _kept, (changes.json_text,), _bookmarks),
    "snapshot": Kind("snapshots", "a.png", _snapshots, (changes.png, changes.any_bytes), _snapshot),
    "photo": Kind("pictures", "photo", _photos, (_change_photo, changes.any_bytes), _photo),
    "vectors": Kind("vectors as CSV, JSON, npy, npz", "z", _vector_files, (_change_vectors,), _vectors),
    "standard input": Kind(
        "z on standard input", "stdin", _vector_text, (_change_any_json, changes.any_bytes), _standard_input
    ),
}
"""Every kind of file that the program reads."""


def inputs(kind: str, seed: int, count: int, first: int = 0) -> Iterator[tuple[int, bytes]]:
    """Numbered inputs of a kind; each follows from the seed and its number alone."""
    seeds = KINDS[kind].seeds()
    names = list(seeds)
    for number in range(first, first + count):
        rng = random.Random(f"{kind} {seed} {number}")
        yield number, rng.choice(KINDS[kind].changes)(seeds[rng.choice(names)], rng)


def try_one(kind: str, data: bytes, folder: Path) -> str | None:
    """What is wrong with how an input was read; None where nothing is. To be called within `limited`."""
    path = folder / KINDS[kind].name
    path.write_bytes(data)
    return fault_of(partial(KINDS[kind].read, path))


def try_many(kind: str, seed: int, count: int, seconds: float, keep: Path) -> tuple[int, Counter[str]]:
    """Try so many inputs of a kind, or as many as so many seconds give.

    Returns:
        How many were tried, and how many failed by their place in the program.
    """
    tried, places = 0, Counter[str]()
    end = time.monotonic() + seconds
    with own_folders() as folder, limited():
        for number, data in inputs(kind, seed, count):
            if time.monotonic() > end:
                break
            tried += 1
            fault = try_one(kind, data, folder)
            if fault is None:
                continue
            place = fault.split(": ")[0]
            if place not in places:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{kind}-{seed}-{number}").write_bytes(data)
                print(f"  {kind} {number}: {fault}", flush=True)
            places[place] += 1
    return tried, places


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="inputs of each kind")
    parser.add_argument("--minutes", type=float, help="as many inputs of each kind as that gives")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this; may be given again")
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz"), help="where failures go"
    )
    options = parser.parse_args(arguments)
    count, seconds = options.count, math.inf
    if options.minutes is not None:
        count, seconds = sys.maxsize, 60 * options.minutes
    rows = []
    failed = 0
    for kind in options.kind or KINDS:
        began = time.perf_counter()
        tried, places = try_many(kind, options.seed, count, seconds, options.keep)
        failed += places.total()
        took = time.perf_counter() - began
        print(f"{kind:16} {tried:9,} tried {places.total():7,} failed {took:8.0f} seconds", flush=True)
        command = f'python -m tests.fuzz.files --kind "{kind}" --seed {options.seed} --count {tried}'
        rows.append(
            f"| {KINDS[kind].title} | {tried:,} | {places.total():,} | {', '.join(places)} | `{command}` |"
        )
    print(*rows, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
