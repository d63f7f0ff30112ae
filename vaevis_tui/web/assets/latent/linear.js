// A little linear algebra on flat row-major arrays.

/** @param {Float64Array | Float32Array | number[]} x vector @returns {number} its length */
export function norm(x) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return Math.sqrt(sum);
}

/** @param {ArrayLike<number>} a vector @param {ArrayLike<number>} b another @returns {number} their product */
export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** @param {Float64Array} x vector @returns {Float64Array} of length 1 */
export function unit(x) {
  const length = norm(x);
  return x.map((value) => value / length);
}

/**
 * Gauss and Jordan, with pivots.
 * @param {ArrayLike<number>} matrix (n, n)
 * @param {number} n rows
 * @returns {Float64Array} its inverse
 */
export function inverse(matrix, n) {
  const left = Float64Array.from(matrix);
  const right = new Float64Array(n * n);
  for (let i = 0; i < n; i++) right[i * n + i] = 1;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(left[row * n + column]) > Math.abs(left[pivot * n + column])) pivot = row;
    }
    for (const side of [left, right]) {
      const held = side.slice(column * n, (column + 1) * n);
      side.copyWithin(column * n, pivot * n, (pivot + 1) * n);
      side.set(held, pivot * n);
    }
    const scale = 1 / left[column * n + column];
    for (let j = 0; j < n; j++) {
      left[column * n + j] *= scale;
      right[column * n + j] *= scale;
    }
    for (let row = 0; row < n; row++) {
      const factor = left[row * n + column];
      if (row === column || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        left[row * n + j] -= factor * left[column * n + j];
        right[row * n + j] -= factor * right[column * n + j];
      }
    }
  }
  return right;
}

/** @param {ArrayLike<number>} matrix (n, n), positive definite @param {number} n rows @returns {number} log of its determinant */
export function logDeterminant(matrix, n) {
  const rest = Float64Array.from(matrix);
  let sum = 0;
  for (let column = 0; column < n; column++) {
    const pivot = rest[column * n + column];
    sum += Math.log(pivot);
    for (let row = column + 1; row < n; row++) {
      const factor = rest[row * n + column] / pivot;
      for (let j = column; j < n; j++) rest[row * n + j] -= factor * rest[column * n + j];
    }
  }
  return sum;
}

/**
 * The arc from a to b: see vaevis_tui/latent/motion/slerp.py. Opposite or parallel vectors are joined by the chord.
 * @param {Float64Array} a start
 * @param {Float64Array} b end
 * @param {number} t share of the way
 * @returns {Float64Array}
 */
export function slerp(a, b, t) {
  const [lengthA, lengthB] = [norm(a), norm(b)];
  const chord = () => a.map((value, i) => (1 - t) * value + t * b[i]);
  if (lengthA === 0 || lengthB === 0) return chord();
  const [unitA, unitB] = [unit(a), unit(b)];
  const cosine = dot(unitA, unitB);
  const side = unitB.map((value, i) => value - cosine * unitA[i]);
  const sine = norm(side);
  if (sine < 1e-6) return chord();
  const angle = t * Math.atan2(sine, cosine);
  const length = (1 - t) * lengthA + t * lengthB;
  return unitA.map((value, i) => length * (Math.cos(angle) * value + (Math.sin(angle) * side[i]) / sine));
}
