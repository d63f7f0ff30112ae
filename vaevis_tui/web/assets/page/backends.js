// What can decode here, the best first: a GPU by WebGPU, the processor by onnxruntime-web, a server.

import { OrtDecoder } from "../engine/cpu.js";
import { GpuDecoder, findAdapter, isSoftware } from "../engine/gpu.js";
import { LiveDecoder, connect } from "../engine/live.js";
import { ortPart } from "./load.js";

/** @typedef {import("../types.js").ModelRecord} ModelRecord */
/** @typedef {import("../types.js").Decoder} Decoder */
/** @typedef {import("../engine/arrays.js").Arrays} Arrays */
/** @typedef {import("../engine/service.js").Candidate} Candidate */
/** @typedef {import("./host.js").Host} Host */

/**
 * @param {ModelRecord} model to decode
 * @param {Arrays} arrays of it
 * @param {Host | null} host that the page lies in
 * @returns {Promise<{ candidates: Candidate[], reason: string }>} and why the first is not WebGPU, where it is not
 */
export async function backends(model, arrays, host) {
  const { plans, space } = model;
  const { live } = model;
  if (live !== null) {
    const bytes = model.height * model.width * 3;
    const open = async () => LiveDecoder.open(host ? host.connect() : await connect(live), bytes, space.dim);
    return { candidates: [{ name: host ? "Notebook" : "Server", open }], reason: "" };
  }
  const adapter = await findAdapter();
  /** @type {Candidate} */
  const gpu = {
    name: "WebGPU",
    open: async () => {
      if (!navigator.gpu) throw new Error(isSecureContext ? "this browser has none" : "it needs https or localhost");
      const found = await findAdapter(); // an adapter opens one device
      if (!found) throw new Error("no adapter was given out");
      if (!plans) throw new Error("this model was exported without it");
      const plan = isSoftware(found) ? plans.software : plans.gpu;
      return verified(await GpuDecoder.open(found, plan, arrays, space.dim), model, arrays);
    },
  };
  /** @type {Candidate} */
  const cpu = {
    name: "CPU",
    open: async () => verified(await OrtDecoder.open(model, (name) => ortPart(model, name)), model, arrays),
  };
  const wanted = new URLSearchParams(location.search).get("backend");
  if (wanted === "webgpu") return { candidates: [gpu], reason: "" };
  if (wanted === "cpu") return { candidates: [cpu], reason: "it was asked for" };
  const unknown = wanted === null ? "" : `?backend=${wanted} is neither webgpu nor cpu`;
  if (!model.ort) return { candidates: [gpu], reason: unknown };
  if (adapter && isSoftware(adapter)) {
    return { candidates: [cpu, gpu], reason: unknown || "WebGPU here is the processor itself, only slower" };
  }
  return { candidates: [gpu, cpu], reason: unknown };
}

/**
 * A decoder that makes the image that the program made: drivers have faults.
 * @param {Decoder} decoder to be tried; it is closed where it fails
 * @param {ModelRecord} model of it
 * @param {Arrays} arrays of it
 * @returns {Promise<Decoder>}
 */
async function verified(decoder, model, arrays) {
  try {
    const image = await decoder.decode(arrays.floats(model.space.first));
    const expected = arrays.bytes(model.expected);
    let largest = 0;
    for (let i = 0; i < model.height * model.width * 3; i++) {
      const at = Math.floor(i / 3) * 4 + (i % 3);
      largest = Math.max(largest, Math.abs(image[at] - expected[i]));
    }
    if (largest > model.tolerance) throw new Error(`its image differs by ${largest} of 255 levels`);
    return decoder;
  } catch (error) {
    decoder.close();
    throw error;
  }
}
