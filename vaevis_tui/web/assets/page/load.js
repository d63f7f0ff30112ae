// The model of the page: files beside it, or data inside it.

import { Arrays } from "../engine/arrays.js";

/** @typedef {import("../types.js").ModelRecord} ModelRecord */

const ESCAPE = 0xe000;
const FLIPPED = 0x4000;

/** @param {(share: number) => void} onProgress is told 0 to 1 @returns {Promise<{ model: ModelRecord, arrays: Promise<Arrays> }>} */
export async function loadModel(onProgress) {
  const inside = document.getElementById("model-json");
  const data = document.getElementById("model-bin");
  if (inside && data) {
    const text = stream(fromText(inside)).pipeThrough(new DecompressionStream("deflate-raw"));
    const model = await new Response(text).json();
    return { model, arrays: Arrays.unpack(model.entries, stream(fromText(data))) };
  }
  const model = await (await fetched("model.json")).json();
  const arrays = fetched("model.bin").then((response) => {
    const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
    const total = Number(response.headers.get("content-length"));
    return Arrays.unpack(model.entries, body.pipeThrough(counted(total, onProgress)));
  });
  return { model, arrays };
}

/**
 * A part of the CPU path: inside the page, or at an address, where it must be what the page was made for.
 * @param {ModelRecord} model whose
 * @param {"module" | "wasm" | "model"} name of the part
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function ortPart(model, name) {
  const inside = document.getElementById(`ort-${name}`);
  if (inside) return fromText(inside);
  const { ort } = model;
  if (!ort) throw new Error("this page was made without a CPU path");
  const integrity = name === "model" ? undefined : ort.integrity[name];
  return new Uint8Array(await (await fetched(ort[name], { integrity })).arrayBuffer());
}

/** @param {string} address of a file @param {RequestInit} [options] of fetch */
async function fetched(address, options) {
  const response = await fetch(address, options);
  if (!response.ok) throw new Error(`${address}: ${response.status} ${response.statusText}`);
  return response;
}

/**
 * Bytes that a page of one file holds as text, two a character; `text_bytes.py` says which are written how.
 * @param {HTMLElement} element that holds them; it is emptied
 * @returns {Uint8Array<ArrayBuffer>}
 */
function fromText(element) {
  const text = element.textContent;
  element.textContent = "";
  const units = new Uint16Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    units[count++] = unit === ESCAPE ? text.charCodeAt(++i) ^ FLIPPED : unit;
  }
  return new Uint8Array(units.buffer, 0, Number(element.dataset.bytes));
}

/** @param {Uint8Array<ArrayBuffer>} bytes as a stream */
function stream(bytes) {
  return /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (new Response(bytes).body);
}

/** @param {number} total bytes, 0 where not known @param {(share: number) => void} onProgress is told */
function counted(total, onProgress) {
  let sofar = 0;
  return new TransformStream({
    transform(/** @type {Uint8Array<ArrayBuffer>} */ chunk, controller) {
      sofar += chunk.length;
      if (total) onProgress(sofar / total);
      controller.enqueue(chunk);
    },
  });
}
