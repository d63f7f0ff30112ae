"""The page as files: HTML with a policy of what it may load, style, scripts and the model's data."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaevis_tui.web.arrays import deflated
from vaevis_tui.web.modules import joined, module_paths
from vaevis_tui.web.text_bytes import text_of

ASSETS = Path(__file__).parent / "assets"

ENTRY = "page/main.js"

SMALL = 64
"""Pixels of an image's longer side up to which its pixels stay squares when it is enlarged."""


def page_files(record: Mapping[str, Any], data: bytes, parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """A page of several files, for a web server, by path.

    Args:
        record: The model as `model.json` holds it.
        data: Its arrays.
        parts: What else lies there, by path.
    """
    wasm = record["ort"] is not None
    policy = _policy(scripts="'self'", styles="'self'", connect=_connect(record), wasm=wasm)
    preload = '<link rel="preload" as="fetch" crossorigin href="{}">'
    head = "\n".join(
        ['<link rel="stylesheet" href="style.css">', *map(preload.format, ("model.json", "model.bin"))]
    )
    script = f'<script type="module" src="{ENTRY}"></script>'
    files = {
        "index.html": _html(record, policy, head, "", script).encode(),
        "style.css": _style(record).encode(),
        "model.json": _json(record).encode(),
        "model.bin": data,
        **parts,
    }
    return files | {path: (ASSETS / path).read_bytes() for path in module_paths(ASSETS, ENTRY)}


def single_page(record: Mapping[str, Any], data: bytes, parts: Mapping[str, bytes]) -> str:
    """A page that is one file, and needs nothing else; in UTF-16, a third smaller than in UTF-8.

    Args:
        record: The model.
        data: Its arrays.
        parts: What else it holds, by the id of the element that holds it.
    """
    script, style = joined(ASSETS, ENTRY), _style(record)
    policy = _policy(
        scripts=_hashed(f"\n{script}"),
        styles=_hashed(f"\n{style}"),
        connect=_connect(record, own=False),
        wasm=record["ort"] is not None,
    )
    held = {"model-json": deflated(_json(record).encode()), "model-bin": data, **parts}
    blocks = [_data_block(name, part) for name, part in held.items()]
    return _html(
        record,
        policy,
        f"<style>\n{style}</style>",
        "\n".join(blocks),
        f'<script type="module">\n{script}</script>',
    )


def _json(record: Mapping[str, Any]) -> str:
    """The model without its first image, which lies in the document: it is seen before anything else came."""
    return json.dumps(
        {name: value for name, value in record.items() if name != "poster"}, separators=(",", ":")
    )


def _html(record: Mapping[str, Any], policy: str, style: str, data: str, script: str) -> str:
    card = record["card"] or {"title": record["name"], "summary": ""}
    small = max(record["width"], record["height"]) <= SMALL
    fields = {
        "policy": policy,
        "title": html.escape(card["title"]),
        "summary": html.escape(card["summary"]),
        "poster": record["poster"],
        "classes": (" pixels" if small else "") + (" plane" if record["space"]["dim"] == 2 else ""),
        "width": str(record["width"]),
        "height": str(record["height"]),
        "style": style,
        "data": data,
        "script": script,
    }
    text = (ASSETS / "index.html").read_text("utf-8")
    # In one pass: what is put in may hold braces.
    parts = text.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        filled.append(fields[name] + rest if brace and name in fields else "{" + part)
    return "".join(filled)


def _style(record: Mapping[str, Any]) -> str:
    proportion = record["width"] / record["height"]
    return (ASSETS / "style.css").read_text("utf-8") + f":root {{ --proportion: {proportion:.6g}; }}\n"


def _policy(*, scripts: str, styles: str, connect: str, wasm: bool) -> str:
    """What the page may load: its own files, its own images, and nothing written into the document."""
    if wasm:
        scripts += " 'wasm-unsafe-eval' blob:"
    workers = "; worker-src blob:" if wasm else ""
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' data: blob:; "
        f"connect-src {connect}{workers}; base-uri 'none'; form-action 'none'"
    )


def _connect(record: Mapping[str, Any], *, own: bool = True) -> str:
    """Where the page may ask for data."""
    ort = record["ort"]
    origins = ["'self'"] if own else []
    if ort is not None and ort["module"].startswith("https://"):
        origins.append("/".join(ort["module"].split("/")[:3]))
    return " ".join(origins) or "'none'"


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data_block(name: str, data: bytes) -> str:
    """Data in the document; nothing in it ends the element or begins a comment."""
    kind = f'type="application/octet-stream" id="{name}" data-bytes="{len(data)}"'
    return f"<script {kind}>{text_of(data)}</script>"
