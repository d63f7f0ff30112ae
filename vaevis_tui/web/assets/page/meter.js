// Frames a second and how long decoding takes, in a corner of the image.

import { byId } from "./dom.js";

/** Milliseconds that count. */
const SPAN = 1000;

export class FrameMeter {
  constructor() {
    this.text = byId("meter", HTMLDivElement);
    /** @type {number[]} */
    this.times = [];
    /** @type {number[]} */
    this.durations = [];
    /** Median of the last decodes; none is taken for slow. */
    this.milliseconds = Infinity;
    setInterval(() => this.#show(), 500);
  }

  /** @param {number} milliseconds that decoding took */
  count(milliseconds) {
    this.times.push(performance.now());
    this.durations = [...this.durations, milliseconds].slice(-15);
    this.milliseconds = [...this.durations].sort((a, b) => a - b)[Math.floor(this.durations.length / 2)];
  }

  #show() {
    const now = performance.now();
    this.times = this.times.filter((time) => now - time < SPAN);
    const rate = this.times.length > 1 ? `${this.times.length} fps · ` : "";
    this.text.textContent = this.durations.length ? `${rate}${this.milliseconds.toFixed(1)} ms` : "";
  }
}
