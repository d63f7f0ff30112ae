// Random numbers from a seed: the same walk again, and tests without luck.

/** Xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32. */
export class Random {
  /** @param {number} seed any whole number */
  constructor(seed) {
    let state = seed >>> 0;
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let x = state;
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      return (x ^ (x >>> 15)) >>> 0;
    };
    this.state = Uint32Array.from([next(), next(), next(), next()]);
    /** @type {number | null} */
    this.spare = null;
  }

  /** A generator that nobody can guess. */
  static unseeded() {
    return new Random(crypto.getRandomValues(new Uint32Array(1))[0]);
  }

  /** @returns {number} from 0, to less than 1 */
  next() {
    const s = this.state;
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result / 2 ** 32;
  }

  /** @param {number} low least @param {number} high most @returns {number} between them */
  uniform(low, high) {
    return low + (high - low) * this.next();
  }

  /** @returns {number} of N(0, 1), by Box and Muller */
  normal() {
    if (this.spare !== null) {
      const spare = this.spare;
      this.spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** @param {number} count how many @returns {Float64Array} of N(0, 1) */
  normals(count) {
    return Float64Array.from({ length: count }, () => this.normal());
  }

  /** @param {ArrayLike<number>} weights not negative @returns {number} an index, drawn by weight */
  choice(weights) {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i];
    let rest = this.next() * total;
    for (let i = 0; i < weights.length; i++) {
      rest -= weights[i];
      if (rest < 0) return i;
    }
    return weights.length - 1;
  }
}

/** @param {number} x word @param {number} k bits */
function rotate(x, k) {
  return ((x << k) | (x >>> (32 - k))) >>> 0;
}
