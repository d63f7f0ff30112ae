// Where the person stands in latent space, and the way back.

import { SIGMA_LIMIT } from "./space.js";

/** @typedef {import("./space.js").LatentSpace} LatentSpace */
/** @typedef {import("./space.js").AxisSet} AxisSet */

/** Steps that can be undone. */
const UNDO_LIMIT = 256;

/** Tells its listener of every change of z, of the axis set and of the selected row. */
export class Exploration {
  /**
   * @param {LatentSpace} space of the model
   * @param {Float32Array} z to start at
   */
  constructor(space, z) {
    this.space = space;
    this.z = space.clamp(z);
    // Directions have names that say something, so the terminal begins with them, too.
    this.current = Math.max(0, space.sets.findIndex((set) => set.name === "directions"));
    this.rows = space.sets.map((set) => set.order[0]);
    /** @type {Float32Array[]} */
    this.past = [];
    /** @type {Float32Array[]} */
    this.future = [];
    /** @type {string | null} */
    this.key = null;
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /** @param {() => void} listener told of every change */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** @returns {AxisSet} the current one */
  get axisSet() {
    return this.space.sets[this.current];
  }

  /** @returns {number} the selected row of the current set */
  get row() {
    return this.rows[this.current];
  }

  /** @returns {number} where z is on the selected axis, in sigmas */
  get coordinate() {
    return this.axisSet.coordinate(this.z, this.row);
  }

  /**
   * Go to another latent. Changes that follow each other with the same key are one step to undo.
   * @param {Float32Array} z where to
   * @param {string | null} [key] of what is held or dragged
   */
  go(z, key = null) {
    const target = this.space.clamp(z);
    if (target.every((value, i) => value === this.z[i])) return;
    if (key === null || key !== this.key) {
      this.past = [...this.past, this.z].slice(-UNDO_LIMIT);
      this.future = [];
    }
    this.key = key;
    this.z = target;
    this.#changed();
  }

  /** The next change is a step of its own, whatever its key. */
  settle() {
    this.key = null;
  }

  /** @param {number} row of an axis @param {number} sigma where to @param {string | null} [key] as of `go` */
  set(row, sigma, key = null) {
    this.go(this.axisSet.set(this.z, row, sigma), key);
  }

  /** @param {number} sigmas to move along the selected axis */
  nudge(sigmas) {
    const target = Math.min(Math.max(this.coordinate + sigmas, -SIGMA_LIMIT), SIGMA_LIMIT);
    this.set(this.row, target, `nudge ${this.current} ${this.row}`);
  }

  resetAll() {
    this.go(this.space.mean);
  }

  /** @returns {boolean} whether there was a step */
  undo() {
    const z = this.past.pop();
    if (!z) return false;
    this.future.push(this.z);
    return this.#back(z);
  }

  /** @returns {boolean} whether there was a step */
  redo() {
    const z = this.future.pop();
    if (!z) return false;
    this.past.push(this.z);
    return this.#back(z);
  }

  /** @param {Float32Array} z from the history */
  #back(z) {
    this.z = z;
    this.key = null;
    this.#changed();
    return true;
  }

  /** @param {number} row of the current set */
  select(row) {
    if (row === this.row) return;
    this.rows[this.current] = row;
    this.#changed();
  }

  /** @param {number} places down the order, or up where negative; it stops at the ends */
  selectBy(places) {
    const { order } = this.axisSet;
    const at = order.indexOf(this.row) + places;
    this.select(order[Math.min(Math.max(at, 0), order.length - 1)]);
  }

  /** @param {number} index of an axis set */
  chooseSet(index) {
    if (index === this.current) return;
    this.current = index;
    this.#changed();
  }

  #changed() {
    for (const listener of this.listeners) listener();
  }
}
