// The model of the page: files beside it, or data inside it.

import { Arrays } from "../engine/arrays.js";

/** @typedef {import("../types.js").ModelRecord} ModelRecord */

/** @param {(share: number) => void} onProgress is told 0 to 1 @returns {Promise<{ model: ModelRecord, arrays: Promise<Arrays> }>} */
export async function loadModel(onProgress) {
  const inside = document.getElementById("model-json");
  const model = inside ? JSON.parse(inside.textContent) : await (await fetched("model.json")).json();
  const data = document.getElementById("model-bin");
  if (data) return { model, arrays: Arrays.unpack(model.entries, stream(fromBase64(data))) };
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
  if (inside) return fromBase64(inside);
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

/** @param {Element} element that holds base64; it is emptied @returns {Uint8Array<ArrayBuffer>} */
function fromBase64(element) {
  const letters = atob(element.textContent);
  element.textContent = "";
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
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
