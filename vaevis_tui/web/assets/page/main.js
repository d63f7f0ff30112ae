// Where the page begins.

import { messageOf } from "../engine/service.js";
import { App } from "./app.js";
import { byId } from "./dom.js";
import { loadModel } from "./load.js";
import { showFailure } from "./panels/about.js";
import { followTheme } from "./theme.js";

/** What programs can ask of the page: `await window.vaevis.decode(z)`. */
class Programs {
  constructor() {
    /** Resolves when images can be decoded. @type {Promise<App>} */
    this.ready = open();
  }

  /** @param {ArrayLike<number>} z of one latent or several, (d,) or (n, d) flat @returns {Promise<Uint8ClampedArray>} RGBA, (n, h, w, 4) */
  async decode(z) {
    const { service, space } = await this.ready;
    const latents = Float32Array.from(z);
    if (latents.length === 0 || latents.length % space.dim || !latents.every(Number.isFinite)) {
      throw new TypeError(`z has ${latents.length} numbers; finite ones, ${space.dim} a latent, are expected`);
    }
    return service.decode(latents);
  }

  /** @returns {string} what decodes: webgpu, cpu or live; empty as long as nothing does */
  get backend() {
    return opened?.service.decoder?.info.backend ?? "";
  }

  /** @returns {object} the model and what decodes it */
  get info() {
    const { model, service, reason } = /** @type {App} */ (opened);
    const { name, version, hash, height, width, channels, weights } = model;
    const reasons = [reason, ...service.reasons].filter(Boolean);
    return { name, version, hash, height, width, channels, weights, dim: model.space.dim, ...service.decoder?.info, reasons };
  }

  /** @returns {Float32Array} the latent on show */
  get z() {
    return Float32Array.from(/** @type {App} */ (opened).exploration.z);
  }

  /** @param {ArrayLike<number>} z to show */
  async show(z) {
    (await this.ready).show(Float32Array.from(z));
  }
}

/** @type {App | null} */
let opened = null;

/** @returns {Promise<App>} */
async function open() {
  followTheme();
  const progress = byId("progress", HTMLProgressElement);
  try {
    const { model, arrays } = await loadModel((share) => (progress.value = share));
    opened = new App(model, await arrays);
    await opened.start();
    return opened;
  } catch (error) {
    showFailure(messageOf(error));
    document.documentElement.classList.remove("loading");
    throw error;
  }
}

const programs = new Programs();
programs.ready.catch(() => {}); // it is said on the page
Object.assign(window, { vaevis: programs });
