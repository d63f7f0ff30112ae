// The arrays of a model: weights as a device reads them, and statistics. Written by vaevis_tui/web/arrays.py.

/** @typedef {import("../types.js").Entry} Entry */

/** Neighbouring weights that share a scale, and bytes of a level. */
const LEVELS = { int12: { group: 64, bytes: 2 }, int8: { group: 32, bytes: 1 } };

export class Arrays {
  /**
   * @param {Entry[]} entries what is in the file
   * @param {Uint8Array} data the file, unpacked
   */
  constructor(entries, data) {
    const last = entries.at(-1);
    if (last && data.length !== last.offset + last.bytes) {
      throw new Error(`the weights have ${data.length} bytes, not ${last.offset + last.bytes}`);
    }
    this.entries = entries;
    this.data = data;
  }

  /**
   * @param {Entry[]} entries what is in the file
   * @param {ReadableStream<Uint8Array<ArrayBuffer>>} packed the file
   */
  static async unpack(entries, packed) {
    const unpacked = packed.pipeThrough(new DecompressionStream("deflate-raw"));
    return new Arrays(entries, new Uint8Array(await new Response(unpacked).arrayBuffer()));
  }

  /**
   * The numbers of an array as a device reads them; weights are float16.
   * @param {number} index its place
   * @returns {Uint8Array<ArrayBuffer>} a multiple of four bytes
   */
  bytes(index) {
    const entry = this.entries[index];
    const stored = this.data.subarray(entry.offset, entry.offset + entry.bytes);
    if (entry.encoding === "int12" || entry.encoding === "int8") {
      return fromLevels(stored, entry.count, LEVELS[entry.encoding]);
    }
    const size = entry.encoding === "uint8" ? 1 : entry.encoding === "float16" ? 2 : 4;
    const bytes = new Uint8Array(Math.ceil((entry.count * size) / 4) * 4);
    for (let plane = 0; plane < size; plane++) {
      const start = plane * entry.count;
      for (let i = 0, at = plane; i < entry.count; i++, at += size) bytes[at] = stored[start + i];
    }
    return bytes;
  }

  /**
   * @param {number} index the place of a float32 array
   * @returns {Float32Array<ArrayBuffer>} its numbers
   */
  floats(index) {
    return new Float32Array(this.bytes(index).buffer, 0, this.entries[index].count);
  }
}

/**
 * Scales by planes and levels by planes, as float16.
 * @param {Uint8Array} stored the two, one after the other
 * @param {number} count numbers
 * @param {{ group: number, bytes: number }} form of the levels
 */
function fromLevels(stored, count, { group, bytes }) {
  const groups = Math.ceil(count / group);
  const levels = stored.subarray(2 * groups);
  const high = (bytes - 1) * groups * group;
  const halves = new Uint16Array(Math.ceil(count / 2) * 2);
  for (let own = 0; own < groups; own++) {
    const scale = fromHalf(stored[own] | (stored[groups + own] << 8));
    const end = Math.min(count, (own + 1) * group);
    for (let i = own * group; i < end; i++) {
      const level = (levels[high + i] << 24) >> 24;
      halves[i] = toHalf((bytes === 1 ? level : level * 256 + levels[i]) * scale);
    }
  }
  return new Uint8Array(halves.buffer);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** @param {number} half the bits of a positive, finite float16 */
function fromHalf(half) {
  const exponent = half >> 10;
  const fraction = half & 0x3ff;
  return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** @param {number} value a finite number that float32 holds exactly @returns its bits as float16, ties to even */
function toHalf(value) {
  single[0] = value;
  const bits = singleBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent >= 31) return sign | 0x7bff;
  if (exponent <= 0) {
    const steps = Math.abs(value) * 2 ** 24; // of the smallest float16 above 0
    const floor = Math.floor(steps);
    const rest = steps - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor & 1) ? 1 : 0));
  }
  const fraction = bits & 0x7fffff;
  const kept = (exponent << 10) | (fraction >> 13);
  const rest = fraction & 0x1fff;
  return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && kept & 1) ? 1 : 0));
}
