// Snapshots: PNG files whose text holds z, which the terminal's explorer opens, and the reverse.

/** Keyword of the text that holds a snapshot as JSON: see vaevis_tui/export/snapshot.py. */
const KEYWORD = "vaevis-tui";
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** @typedef {{ format: 1, model: string, version: string, z: number[], seed: number | null, backend: string, decoder_hash?: string }} Snapshot */

/**
 * @param {Uint8Array<ArrayBuffer>} png a file
 * @param {Snapshot} snapshot what it is to remember
 * @returns {Blob} the file with it, before the pixels
 */
export function withSnapshot(png, snapshot) {
  const header = 8 + 12 + 13; // signature, and IHDR: length, type, 13 bytes and checksum
  const parts = [png.subarray(0, header), text("Software", KEYWORD), text(KEYWORD, JSON.stringify(snapshot))];
  return new Blob([...parts, png.subarray(header)], { type: "image/png" });
}

/**
 * @param {Uint8Array} png a file
 * @returns {Snapshot | null} what it remembers; null where it is no PNG, or no snapshot
 */
export function readSnapshot(png) {
  if (!SIGNATURE.every((byte, i) => png[i] === byte)) return null;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length; at += 12 + view.getUint32(at)) {
    const length = view.getUint32(at);
    const kind = latin(png.subarray(at + 4, at + 8));
    if (kind !== "tEXt" || at + 12 + length > png.length) continue;
    const data = latin(png.subarray(at + 8, at + 8 + length));
    const end = data.indexOf("\0");
    if (data.slice(0, end) !== KEYWORD) continue;
    try {
      const found = JSON.parse(data.slice(end + 1));
      return Array.isArray(found.z) && found.z.every(Number.isFinite) ? found : null;
    } catch {
      return null;
    }
  }
  return null;
}

/** @param {string} keyword of it @param {string} value ASCII @returns {Uint8Array<ArrayBuffer>} a tEXt chunk */
function text(keyword, value) {
  const data = Uint8Array.from(`tEXt${keyword}\0${value}`, (letter) => letter.charCodeAt(0));
  const chunk = new Uint8Array(data.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length - 4);
  chunk.set(data, 4);
  view.setUint32(data.length + 4, checksum(data));
  return chunk;
}

/** @param {Uint8Array} bytes Latin-1 */
function latin(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return letters;
}

/** CRC-32 as PNG has it. @param {Uint8Array} bytes of type and data */
function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
