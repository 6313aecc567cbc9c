// Golden rows: what this browser computes and reads, held to what the machine did that made the bundle. See docs/edge.md.

const ARRAYS = {
  uint8: Uint8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array, float32: Float32Array, float64: Float64Array,
};

/** Fetch a file and return its bytes, if its SHA-256 is the one that is expected. */
export async function bytesOf(path, expected) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} cannot be fetched (${response.status})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== expected) throw new Error(`${path} is not the file that the bundle was made with: nothing is answered`);
  return bytes;
}

export const arrayOf = (type, buffer) => new ARRAYS[type](buffer);

/** Raise unless `run` says the same of the golden examples. */
export async function checkOutputs({ inputs, outputs, tolerance }, run) {
  const [count] = inputs.shape;
  const found = await run(await unpacked(inputs), count, Object.keys(outputs));
  for (const [name, packed] of Object.entries(outputs)) {
    const worst = difference(found[name], await unpacked(packed), true);
    if (!(worst <= tolerance)) {
      throw new Error(`this browser computes otherwise than it should: ${name} of the golden rows differs by ${worst.toPrecision(2)}`);
    }
  }
}

/** Raise unless `read` reads the golden requests as they were read, but for those that are not read here, as `takes` says. */
export async function checkRequests({ requests }, read, takes = () => true) {
  for (const { name, row, tolerance, array } of requests) {
    const entries = Object.entries(row).map(([key, value]) => [key, value?.base64 ? fromBase64(value.base64) : value]);
    const received = Object.fromEntries(entries);
    if (!takes(received)) continue;
    const worst = difference(await read(received), await unpacked(array), false);
    if (!(worst <= tolerance)) throw new Error(`this browser reads ${name} otherwise than it should, by ${worst}`);
  }
}

function difference(found, expected, relative) {
  if (found?.length !== expected.length) return Infinity;
  let worst = 0;
  for (let index = 0; index < expected.length; index += 1) {
    const [here, right] = [found[index], expected[index]];
    if (Number.isNaN(here) && Number.isNaN(right)) continue;
    const away = Math.abs(here - right) / (relative ? Math.max(1, Math.abs(right)) : 1);
    if (!(away <= worst)) worst = away;
    if (Number.isNaN(away)) return NaN;
  }
  return worst;
}

async function unpacked({ type, zlib }) {
  const stream = new Blob([fromBase64(zlib)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return arrayOf(type, await new Response(stream).arrayBuffer());
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
