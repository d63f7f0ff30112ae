// The latent in the page's address: whoever gets it sees the same image.

/** @typedef {import("../latent/space.js").LatentSpace} LatentSpace */

/** @param {Float32Array} z latent @returns {string} what comes after # */
export function toFragment(z) {
  const bytes = new Uint8Array(Float32Array.from(z).buffer);
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `z=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * Reads z as `toFragment` writes it, or numbers: `z=0.5,-1` and, in sigmas, `sigma=0.5,-1`.
 * @param {string} fragment with or without #
 * @param {LatentSpace} space of the model
 * @returns {Float32Array | null} null where it holds none of this model
 */
export function fromFragment(fragment, space) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const sigma = fields.get("sigma");
  if (sigma !== null) {
    const found = numbers(sigma);
    return found.length === space.dim ? space.fromSigma(found) : null;
  }
  const z = fields.get("z");
  if (z === null) return null;
  const found = z.includes(",") || space.dim === 1 ? numbers(z) : packed(z);
  return found.length === space.dim && found.every(Number.isFinite) ? Float32Array.from(found) : null;
}

/**
 * Numbers however they are written: as NumPy, PyTorch, JSON or R print them.
 * @param {string} text with numbers
 * @returns {number[]} empty where something in it is none
 */
export function numbers(text) {
  const bare = text.replace(/,\s*\w+=[^,)\]]*/g, "").replace(/\b(np\.|numpy\.|torch\.)?(array|tensor|c)\s*(?=\()/g, "");
  const words = bare.split(/[\s,;()[\]{}]+/).filter(Boolean);
  const found = words.map((word) => Number(word.replace("−", "-")));
  return found.every(Number.isFinite) ? found : [];
}

/** @param {string} text base64 for addresses @returns {ArrayLike<number> & { every: Float32Array["every"] }} */
function packed(text) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new Float32Array(Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer);
  } catch {
    return new Float32Array(0);
  }
}
