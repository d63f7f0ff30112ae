// The decode service owns the decoder: the latest z wins, batches fill the gaps, a lost device is replaced.
// It mirrors vaevis_tui/engine/service.py.

/** @typedef {import("../types.js").Decoder} Decoder */
/** @typedef {import("../types.js").BackendInfo} BackendInfo */
/** @typedef {{ name: string, open: () => Promise<Decoder> }} Candidate */
/** @typedef {{ z: Float32Array, image: Uint8ClampedArray, milliseconds: number }} Frame */

/**
 * @typedef {object} Listener
 * @property {(frame: Frame) => void} onFrame an image of the latest z
 * @property {(info: BackendInfo, reason: string) => void} onBackend another decoder took over, and why
 * @property {(reasons: string[]) => void} onFailure no decoder is left
 */

/** Milliseconds: a device that fails again within this time is given up for the next candidate. */
const RETRY_AFTER = 10_000;

/** @typedef {{ z: Float32Array, resolve: (images: Uint8ClampedArray) => void, reject: (error: unknown) => void }} Call */
/** @typedef {{ z: Float32Array, done: number, onImage: (index: number, image: Uint8ClampedArray) => void, signal: AbortSignal }} Batch */

export class DecodeService {
  /**
   * @param {number} dim length of a latent
   * @param {Candidate[]} candidates decoders, in the order in which they are tried
   * @param {Listener} listener of its events
   */
  constructor(dim, candidates, listener) {
    this.dim = dim;
    this.candidates = candidates;
    this.listener = listener;
    this.index = 0;
    this.failedAt = -Infinity;
    /** @type {string[]} */
    this.reasons = [];
    /** @type {Decoder | null} */
    this.decoder = null;
    /** @type {Float32Array | null} */
    this.latest = null;
    /** Whether the last decode was for the screen. */
    this.shown = false;
    /** @type {Call[]} */
    this.calls = [];
    /** @type {Batch[]} */
    this.batches = [];
    this.running = false;
    /** Why nothing decodes, once every candidate has failed. @type {Error | null} */
    this.failure = null;
    /** Settles once `start` has opened a decoder, or failed. @type {Promise<void>} */
    this.ready = Promise.resolve();
  }

  start() {
    this.ready = this.#open();
    void this.ready.then(() => this.#pump());
    return this.ready;
  }

  /** @param {Float32Array} z decoded as soon as the decoder is free, unless a newer one replaces it */
  show(z) {
    this.latest = z;
    void this.#pump();
  }

  /** @param {Float32Array} z latents (n, d) @returns {Promise<Uint8ClampedArray>} RGBA (n, h, w, 4) */
  decode(z) {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.calls.push({ z, resolve, reject });
      void this.#pump();
    });
  }

  /**
   * Decode many images in the background, while no z waits.
   * @param {Float32Array} z latents (n, d)
   * @param {(index: number, image: Uint8ClampedArray) => void} onImage called with each
   * @param {AbortSignal} signal cancels it
   */
  batch(z, onImage, signal) {
    this.batches.push({ z, done: 0, onImage, signal });
    void this.#pump();
  }

  async #pump() {
    if (this.running) return;
    this.running = true;
    try {
      while (this.decoder && (await this.#next(this.decoder)));
    } finally {
      this.running = false;
    }
  }

  /** Do the next piece of work. @param {Decoder} decoder to use @returns whether there was any */
  async #next(decoder) {
    this.batches = this.batches.filter((batch) => !batch.signal.aborted && batch.done * this.dim < batch.z.length);
    // Calls of `decode` alternate with frames: a walk would leave them no gap.
    const z = this.shown && this.calls.length ? null : this.latest;
    const call = z ? undefined : this.calls.shift();
    this.shown = z !== null;
    const batch = this.batches.at(0);
    try {
      if (z) {
        this.latest = null;
        const started = performance.now();
        const image = await decoder.decode(z);
        this.listener.onFrame({ z, image, milliseconds: performance.now() - started });
      } else if (call) {
        call.resolve(await this.#all(decoder, call.z));
      } else if (batch) {
        const end = Math.min(batch.done + decoder.batch, batch.z.length / this.dim);
        const images = await decoder.decode(batch.z.slice(batch.done * this.dim, end * this.dim));
        const size = images.length / (end - batch.done);
        for (let i = batch.done; i < end && !batch.signal.aborted; i++) {
          batch.onImage(i, images.slice((i - batch.done) * size, (i - batch.done + 1) * size));
        }
        batch.done = end;
      } else {
        return false;
      }
    } catch (error) {
      if (z) this.latest ??= z;
      if (call) this.calls.unshift(call);
      await this.#fallBack(error);
    }
    return true;
  }

  /** @param {Decoder} decoder to use @param {Float32Array} z any number of latents */
  async #all(decoder, z) {
    const parts = [];
    const step = decoder.batch * this.dim;
    for (let start = 0; start < z.length; start += step) {
      parts.push(await decoder.decode(z.slice(start, start + step)));
    }
    if (parts.length === 1) return parts[0];
    const all = new Uint8ClampedArray(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Start over with the first candidate, once all have failed. */
  async retry() {
    if (!this.failure) return;
    this.index = 0;
    this.reasons = [];
    await this.#open();
    void this.#pump();
  }

  /** Open a failed decoder once more, or the next candidate. @param {unknown} error of the decoder */
  async #fallBack(error) {
    const candidate = this.candidates[this.index];
    this.decoder?.close();
    this.decoder = null;
    this.reasons.push(`${candidate.name}: ${messageOf(error)}`);
    const now = performance.now();
    if (now - this.failedAt < RETRY_AFTER) this.index++;
    this.failedAt = now;
    await this.#open();
  }

  async #open() {
    while (this.index < this.candidates.length) {
      const candidate = this.candidates[this.index];
      try {
        this.decoder = await candidate.open();
        this.failure = null;
        this.listener.onBackend(this.decoder.info, this.reasons.join("; "));
        return;
      } catch (error) {
        this.reasons.push(`${candidate.name}: ${messageOf(error)}`);
        this.index++;
      }
    }
    this.failure = new Error(this.reasons.join("; ") || "nothing here can decode");
    for (const call of this.calls.splice(0)) call.reject(this.failure);
    this.listener.onFailure(this.reasons);
  }
}

/** @param {unknown} error anything thrown @returns {string} its message, on one line */
export function messageOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].slice(0, 300);
}
