// The decoder where there is no WebGPU: onnxruntime-web on the processor, from wherever the page was told.

/** @typedef {import("../types.js").ModelRecord} ModelRecord */
/** @typedef {import("../types.js").OrtRecord} OrtRecord */
/** @typedef {import("../types.js").BackendInfo} BackendInfo */

/** Where a part of a page is: an address, or bytes that lie in the page itself. @typedef {string | Uint8Array} Part */

/** Threads that are worth their start for images of this size. */
const MAX_THREADS = 4;

export class OrtDecoder {
  /**
   * @param {ModelRecord} model what it decodes
   * @param {(name: "module" | "wasm" | "model") => Promise<Uint8Array<ArrayBuffer>>} read gets a part, checked
   * @returns {Promise<OrtDecoder>}
   */
  static async open(model, read) {
    library ??= load(read).catch((error) => {
      library = null;
      throw error;
    });
    const [ort, graph] = await Promise.all([library, read("model")]);
    const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
    return new OrtDecoder(model, ort, session);
  }

  /**
   * @param {ModelRecord} model what it decodes
   * @param {any} ort the library
   * @param {any} session of the model
   */
  constructor(model, ort, session) {
    this.model = model;
    this.ort = ort;
    this.session = session;
    this.batch = 1;
    const count = ort.env.wasm.numThreads;
    /** @type {BackendInfo} */
    this.info = {
      backend: "cpu",
      device: `onnxruntime-web ${ort.env.versions.web}`,
      detail: `wasm, ${count} thread${count === 1 ? "" : "s"}`,
    };
  }

  /**
   * @param {Float32Array} z latents, (n, d)
   * @returns {Promise<Uint8ClampedArray>} RGBA, (n, h, w, 4)
   */
  async decode(z) {
    const { height, width, channels, space } = this.model;
    const pixels = height * width;
    const count = z.length / space.dim;
    const images = new Uint8ClampedArray(count * pixels * 4);
    for (let item = 0; item < count; item++) {
      const own = z.slice(item * space.dim, (item + 1) * space.dim);
      const input = new this.ort.Tensor("float32", own, [1, space.dim]);
      const output = await this.session.run({ [this.session.inputNames[0]]: input });
      const values = output[this.session.outputNames[0]].data;
      const image = images.subarray(item * pixels * 4, (item + 1) * pixels * 4);
      for (let pixel = 0; pixel < pixels; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          // A clamped array rounds ties to even, as the engine does.
          image[4 * pixel + channel] = 255 * values[(channel % channels) * pixels + pixel];
        }
        image[4 * pixel + 3] = 255;
      }
    }
    return images;
  }

  close() {
    this.session.release();
  }
}

/** onnxruntime-web, once for all decoders of a page. @type {Promise<any> | null} */
let library = null;

/**
 * @param {(name: "module" | "wasm") => Promise<Uint8Array<ArrayBuffer>>} read gets a part
 * @returns {Promise<any>} the library
 */
async function load(read) {
  const [module, wasm] = await Promise.all([read("module"), read("wasm")]);
  const ort = await import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = threads();
  ort.env.logLevel = "error";
  return ort;
}

/** Threads of wasm share memory, which a browser gives only to isolated pages. */
function threads() {
  return crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1) : 1;
}
