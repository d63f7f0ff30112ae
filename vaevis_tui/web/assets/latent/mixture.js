// A mixture of Gaussians: an aggregated posterior that has clusters. As vaevis_tui/latent/mixture.py has it.

import { inverse, logDeterminant, norm } from "./linear.js";

/** @typedef {Float32Array | Float64Array | number[]} Vector */

export class Mixture {
  /**
   * @param {number} dim length of a latent
   * @param {Float32Array} weights (k,)
   * @param {Float32Array} means (k, d)
   * @param {Float32Array} factors symmetric roots of the covariances, (k, d, d) or (1, d, d)
   */
  constructor(dim, weights, means, factors) {
    this.dim = dim;
    this.weights = weights;
    this.means = means;
    this.size = weights.length;
    const square = dim * dim;
    const count = factors.length / square;
    this.factors = Array.from({ length: count }, (_, k) => factors.subarray(k * square, (k + 1) * square));
    /** @type {Float64Array[]} */
    this.inverses = [];
    this.logScales = new Float64Array(0);
    /** Whitened means, where all share a covariance. @type {Float64Array[] | undefined} */
    this.places = undefined;
  }

  /** What log-densities need, worked out when they are first asked for. */
  #prepare() {
    if (this.inverses.length) return;
    this.inverses = this.factors.map((factor) => inverse(factor, this.dim));
    const volumes = this.factors.map((factor) => logDeterminant(factor, this.dim));
    const constant = 0.5 * this.dim * Math.log(2 * Math.PI);
    this.logScales = Float64Array.from(
      this.weights,
      (weight, k) => Math.log(weight) - volumes[this.#own(k)] - constant,
    );
  }

  /** @param {number} component one @returns which factor is its */
  #own(component) {
    return this.factors.length > 1 ? component : 0;
  }

  /** @param {Vector} z latent @param {number} component one @returns {Float64Array} where that one is N(0, I) */
  whiten(z, component) {
    this.#prepare();
    const { dim, means } = this;
    const inverted = this.inverses[this.#own(component)];
    const x = new Float64Array(dim);
    for (let i = 0; i < dim; i++) {
      const offset = z[i] - means[component * dim + i];
      for (let j = 0; j < dim; j++) x[j] += offset * inverted[i * dim + j];
    }
    return x;
  }

  /** @param {Vector} direction whitened @param {number} component one @returns {Float64Array} as a change of z */
  turn(direction, component) {
    const { dim } = this;
    const factor = this.factors[this.#own(component)];
    const change = new Float64Array(dim);
    for (let i = 0; i < dim; i++) {
      const length = direction[i];
      for (let j = 0; j < dim; j++) change[j] += length * factor[i * dim + j];
    }
    return change;
  }

  /** @param {Vector} x whitened @param {number} component one @returns {Float64Array} z */
  unwhiten(x, component) {
    const z = this.turn(x, component);
    for (let i = 0; i < this.dim; i++) z[i] += this.means[component * this.dim + i];
    return z;
  }

  /** @param {Vector} z latent @returns {Float64Array} log-density of each component times its weight, in nats */
  logDensities(z) {
    this.#prepare();
    const { dim, size, logScales } = this;
    if (this.factors.length > 1) {
      return logScales.map((scale, k) => scale - 0.5 * norm(this.whiten(z, k)) ** 2);
    }
    // All share a covariance: what is whitened once serves all, as offsets from the first one's mean.
    this.places ??= Array.from({ length: size }, (_, k) =>
      this.whiten(this.means.subarray(k * dim, (k + 1) * dim), 0),
    );
    const x = this.whiten(z, 0);
    const places = this.places;
    return logScales.map((scale, k) => {
      let squares = 0;
      for (let i = 0; i < dim; i++) squares += (x[i] - places[k][i]) ** 2;
      return scale - 0.5 * squares;
    });
  }

  /** @param {Vector} z latent @returns {number} log-density in nats */
  logDensity(z) {
    const each = this.logDensities(z);
    const largest = each.reduce((a, b) => Math.max(a, b), -Infinity);
    return largest + Math.log(each.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  }

  /**
   * @param {Vector} z latent
   * @param {number[]} [among] components to choose from, one at least; all where it is left out
   * @returns {number} the one that it most likely belongs to
   */
  nearest(z, among = Array.from({ length: this.size }, (_, k) => k)) {
    const each = this.logDensities(z);
    return among.reduce((best, k) => (each[k] > each[best] ? k : best));
  }

  /** @param {import("./random.js").Random} random numbers @returns {Float32Array} a sample */
  sample(random) {
    const component = random.choice(this.weights);
    return Float32Array.from(this.unwhiten(random.normals(this.dim), component));
  }
}
