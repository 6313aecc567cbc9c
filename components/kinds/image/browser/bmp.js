// A BMP file -> pixels: uncompressed, as the endpoint takes them.

/** Return `{width, height, channels: 3, data}`. */
export function readBmp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = view.getUint32(14, true);
  if (header < 40) throw new Error("a BMP picture of so old a form is not read here; save it as PNG");
  const [width, signed, depth, compression] = [
    view.getInt32(18, true), view.getInt32(22, true), view.getUint16(28, true), view.getUint32(30, true),
  ];
  if (compression !== 0 || ![1, 4, 8, 24, 32].includes(depth)) {
    throw new Error("this sort of BMP picture is not read here; save it as PNG");
  }
  const height = Math.abs(signed);
  const colours = bytes.subarray(14 + header);
  const start = view.getUint32(10, true);
  const stride = 4 * Math.ceil((width * depth) / 32);
  if (start + stride * height > bytes.length) throw new Error("the BMP picture is cut off");
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y += 1) {
    const row = start + stride * (signed < 0 ? y : height - 1 - y);
    for (let x = 0; x < width; x += 1) {
      const [source, from] = depth >= 24 ? [bytes, row + (x * depth) / 8] : [colours, 4 * indexAt(bytes, row, x, depth)];
      for (let channel = 0; channel < 3; channel += 1) data[3 * (y * width + x) + channel] = source[from + 2 - channel];
    }
  }
  return { width, height, channels: 3, data };
}

function indexAt(bytes, row, x, depth) {
  return (bytes[row + ((x * depth) >> 3)] >> (8 - depth - ((x * depth) & 7))) & ((1 << depth) - 1);
}
