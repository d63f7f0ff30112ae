// The latent space as the data occupy it: coordinates, axes, samples, typicality. As vaevis_tui/latent has it.

import { norm } from "./linear.js";
import { Mixture } from "./mixture.js";

/** @typedef {import("../types.js").SpaceRecord} SpaceRecord */
/** @typedef {import("../types.js").AxisSetRecord} AxisSetRecord */
/** @typedef {import("../types.js").AxisRow} AxisRow */
/** @typedef {import("../engine/arrays.js").Arrays} Arrays */
/** @typedef {Float32Array | Float64Array | number[]} Vector */

/** No dimension is moved further from the mean than this, in sigmas. */
export const SIGMA_LIMIT = 10;

export class LatentSpace {
  /**
   * @param {SpaceRecord} record what is known
   * @param {Arrays} arrays its numbers
   */
  constructor(record, arrays) {
    this.dim = record.dim;
    this.mean = arrays.floats(record.mean);
    this.std = arrays.floats(record.std);
    this.shell = record.shell;
    this.first = arrays.floats(record.first);
    this.axes = arrays.floats(record.axes);
    this.deviations = Float64Array.from(arrays.floats(record.variances), Math.sqrt);
    this.anchors = { z: arrays.floats(record.anchors.z), labels: record.anchors.labels };
    /** @type {number[] | null} */
    this.halfway = null;
    this.mixture = record.mixture
      ? new Mixture(
          this.dim,
          arrays.floats(record.mixture.weights),
          arrays.floats(record.mixture.means),
          arrays.floats(record.mixture.factors),
        )
      : null;
    this.typical = record.typical;
    this.sets = record.sets.map((set) => {
      const along = set.along === undefined ? null : arrays.floats(set.along);
      return new AxisSet(this, set, along);
    });
  }

  /** @param {number} index of an anchor @returns {Float32Array} its z */
  anchor(index) {
    return this.anchors.z.subarray(index * this.dim, (index + 1) * this.dim);
  }

  /** @param {Vector} z latent @returns {Float64Array} along the principal axes, each in its own deviations */
  whiten(z) {
    const { dim, mean, axes, deviations } = this;
    const x = new Float64Array(dim);
    for (let row = 0; row < dim; row++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += (z[i] - mean[i]) * axes[row * dim + i];
      x[row] = sum / deviations[row];
    }
    return x;
  }

  /** @param {Vector} x whitened @returns {Float64Array} the change of z */
  unwhitenChange(x) {
    const { dim, axes, deviations } = this;
    const change = new Float64Array(dim);
    for (let row = 0; row < dim; row++) {
      const length = x[row] * deviations[row];
      if (length === 0) continue;
      for (let i = 0; i < dim; i++) change[i] += length * axes[row * dim + i];
    }
    return change;
  }

  /** @param {Vector} x whitened @returns {Float32Array} z */
  unwhiten(x) {
    return Float32Array.from(this.unwhitenChange(x), (change, i) => change + this.mean[i]);
  }

  /** @param {Vector} sigma of every dimension @returns {Float32Array} z */
  fromSigma(sigma) {
    return Float32Array.from(sigma, (value, i) => value * this.std[i] + this.mean[i]);
  }

  /** @param {Vector} z latent @returns {Float32Array} with only what lies beyond the limit altered */
  clamp(z) {
    return Float32Array.from(z, (value, i) => {
      const sigma = (value - this.mean[i]) / this.std[i];
      if (Math.abs(sigma) <= SIGMA_LIMIT) return value;
      return this.mean[i] + Math.sign(sigma) * SIGMA_LIMIT * this.std[i];
    });
  }

  /** @param {import("./random.js").Random} random numbers @returns {Float32Array} a sample of the aggregated posterior */
  sample(random) {
    if (this.mixture) return this.mixture.sample(random);
    return this.unwhiten(random.normals(this.dim));
  }

  /** @param {Vector} z latent @returns {number} share of the data that is less typical, 0 to 1 */
  percentile(z) {
    if (this.typical && this.mixture) {
      const density = this.mixture.logDensity(z);
      const quantiles = this.typical;
      const above = quantiles.findIndex((quantile) => quantile > density);
      if (above === 0) return 0;
      if (above < 0) return 1;
      const [low, high] = [quantiles[above - 1], quantiles[above]];
      const rest = high > low ? (density - low) / (high - low) : 0;
      return (above - 1 + rest) / (quantiles.length - 1);
    }
    const [low, median, high] = this.shell;
    const length = norm(this.whiten(z));
    const scale = Math.max((length > median ? high - median : median - low) / 1.6449, 1e-9);
    return 0.5 * complementaryError((length - median) / scale / Math.SQRT2);
  }

  /** @returns {number[]} components whose means are as typical as half of the data: of rare or wide ones they need not be */
  get typicalComponents() {
    const { mixture, dim } = this;
    if (!mixture) return [];
    const all = Array.from({ length: mixture.size }, (_, k) => k);
    this.halfway ??= all.filter((k) => this.percentile(mixture.means.subarray(k * dim, (k + 1) * dim)) >= 0.5);
    return this.halfway.length ? this.halfway : all;
  }
}

/**
 * The point drawn in, on a line to its centre, to where it is at least as typical as half of the data.
 * @param {LatentSpace} space of the model
 * @param {Float32Array} z latent
 * @returns {Float32Array} z itself where it is as typical already
 */
export function pullBack(space, z) {
  if (space.percentile(z) >= 0.5) return z;
  const { mixture, dim, typical } = space;
  const component = mixture && typical ? mixture.nearest(z, space.typicalComponents) : null;
  const centre = mixture && component !== null ? mixture.means.subarray(component * dim, (component + 1) * dim) : space.mean;
  const at = (/** @type {number} */ share) => z.map((value, i) => centre[i] + share * (value - centre[i]));
  let [keep, drop] = [0, 1];
  for (let i = 0; i < 30; i++) {
    const middle = (keep + drop) / 2;
    if (space.percentile(at(middle)) >= 0.5) keep = middle;
    else drop = middle;
  }
  return at(keep);
}

/** Where a point lies, by its percentile, in words. @param {number} share 0 to 1 */
export function placeOf(share) {
  if (share < 0.001) return "beyond the data";
  if (share < 0.05) return "at the edge of the data";
  return share > 0.95 ? "central" : "typical";
}

/** Axes that one can move along, by row: see vaevis_tui/latent/axes.py. */
export class AxisSet {
  /**
   * @param {LatentSpace} space whose
   * @param {AxisSetRecord} record what a person reads
   * @param {Float32Array | null} along unit vectors of whitened space, (k, d); null where rows are its axes
   */
  constructor(space, record, along) {
    this.space = space;
    this.name = record.name;
    this.rows = record.rows;
    this.order = record.order;
    this.effects = record.effects;
    this.along = along;
    this.ofDimensions = record.name === "dimensions";
    /** @type {Map<number, Float64Array>} */
    this.steps = new Map();
  }

  get size() {
    return this.rows.length;
  }

  /** @param {Vector} z latent @returns {Float64Array} where it is on every axis, in sigmas */
  coordinates(z) {
    const { space, along } = this;
    if (this.ofDimensions) {
      return Float64Array.from({ length: space.dim }, (_, i) => (z[i] - space.mean[i]) / space.std[i]);
    }
    const x = space.whiten(z);
    if (!along) return x;
    const found = new Float64Array(this.size);
    for (let row = 0; row < this.size; row++) {
      for (let i = 0; i < space.dim; i++) found[row] += x[i] * along[row * space.dim + i];
    }
    return found;
  }

  /** @param {Vector} z latent @param {number} row of an axis @returns {number} where it is on it, in sigmas */
  coordinate(z, row) {
    const { space } = this;
    if (this.ofDimensions) return (z[row] - space.mean[row]) / space.std[row];
    return this.coordinates(z)[row];
  }

  /** @param {number} row of an axis @returns {Float64Array} change of z by one sigma */
  step(row) {
    const known = this.steps.get(row);
    if (known) return known;
    const { space, along } = this;
    /** @type {Float64Array} */
    let step = new Float64Array(space.dim);
    if (this.ofDimensions) step[row] = space.std[row];
    else if (along) step = space.unwhitenChange(along.subarray(row * space.dim, (row + 1) * space.dim));
    else step = space.unwhitenChange(Float64Array.from({ length: space.dim }, (_, i) => Number(i === row)));
    this.steps.set(row, step);
    return step;
  }

  /**
   * @param {Float32Array} z latent
   * @param {number} row of an axis
   * @param {number} sigma where to
   * @returns {Float32Array} z there, the rest as it was, no dimension beyond the limit
   */
  set(z, row, sigma) {
    const { space } = this;
    const target = Math.min(Math.max(sigma, -SIGMA_LIMIT), SIGMA_LIMIT);
    const moved = Float32Array.from(z);
    if (this.ofDimensions) {
      moved[row] = space.mean[row] + target * space.std[row];
      return moved;
    }
    let change = target - this.coordinate(z, row);
    if (Math.abs(change) < 1e-6) return moved;
    const step = this.step(row);
    let [low, high] = [-Infinity, Infinity];
    for (let i = 0; i < space.dim; i++) {
      const rate = step[i] / space.std[i];
      if (Math.abs(rate) <= 1e-12) continue;
      const here = (z[i] - space.mean[i]) / space.std[i];
      const ends = [(-SIGMA_LIMIT - here) / rate, (SIGMA_LIMIT - here) / rate];
      low = Math.max(low, Math.min(...ends));
      high = Math.min(high, Math.max(...ends));
    }
    change = Math.min(Math.max(change, Math.min(low, 0)), Math.max(high, 0));
    for (let i = 0; i < space.dim; i++) moved[i] = z[i] + change * step[i];
    return moved;
  }
}

/** erfc, to 1.5e-7: Abramowitz and Stegun 7.1.26. @param {number} x any */
function complementaryError(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = series * Math.exp(-x * x);
  return x >= 0 ? tail : 2 - tail;
}
