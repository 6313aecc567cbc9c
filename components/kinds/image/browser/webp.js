// A WebP file -> pixels, by the browser's decoder: all have the one of libwebp.

/** Return `{width, height, channels, data, exif}`, three channels or four. */
export async function readWebp(bytes) {
  const chunks = chunksOf(bytes);
  const clear = chunks.has("ALPH") || ((chunks.get("VP8X")?.[0] ?? 0) & 16) !== 0 || losslessAlpha(chunks.get("VP8L"));
  const data = await pixels(bytes, clear);
  return { ...(clear ? { ...data, channels: 4 } : opaque(data)), exif: chunks.get("EXIF") };
}

async function pixels(bytes, clear) {
  if (clear && typeof ImageDecoder === "function") { // a canvas multiplies colours by their transparency, and loses some
    const decoder = new ImageDecoder({ data: bytes, type: "image/webp", colorSpaceConversion: "none" });
    const { image } = await decoder.decode();
    const { codedWidth: width, codedHeight: height } = image;
    const data = new Uint8Array(image.allocationSize({ format: "RGBA" }));
    await image.copyTo(data, { format: "RGBA" });
    image.close();
    decoder.close();
    return { width, height, data };
  }
  const options = { premultiplyAlpha: "none", colorSpaceConversion: "none", imageOrientation: "none" };
  const bitmap = await createImageBitmap(new Blob([bytes]), options);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return { width: bitmap.width, height: bitmap.height, data: context.getImageData(0, 0, bitmap.width, bitmap.height).data };
}

function opaque({ width, height, data }) {
  const made = new Uint8Array(3 * width * height);
  for (let index = 0; index < width * height; index += 1) {
    for (let channel = 0; channel < 3; channel += 1) made[3 * index + channel] = data[4 * index + channel];
  }
  return { width, height, channels: 3, data: made };
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = new Map();
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    chunks.set(String.fromCharCode(...bytes.subarray(at, at + 4)), bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length & 1);
  }
  return chunks;
}

const losslessAlpha = (chunk) => chunk !== undefined && (chunk[4] & 16) !== 0;
