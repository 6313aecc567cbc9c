// How a picture has to be turned to stand upright, by the orientation (tag 274) of its EXIF data: CIPA DC-008, 4.6.4.

const TAG = 274;
const SHORT = 3;
const FARTHEST = 65_536;
const FIRST = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"

/** Return the orientation of a JPEG file, 1 to 8; 0: it says none. */
export function orientationOfJpeg(bytes) {
  const start = indexOf(bytes.subarray(0, FARTHEST));
  return start < 0 ? 0 : orientation(bytes.subarray(start, start + FARTHEST));
}

/** Return the orientation that EXIF data say. */
export function orientation(exif) {
  if (!exif?.length) return 0;
  const tiff = FIRST.every((byte, index) => exif[index] === byte) ? exif.subarray(6) : exif;
  const order = String.fromCharCode(tiff[0] ?? 0, tiff[1] ?? 0);
  if (tiff.length < 8 || (order !== "II" && order !== "MM")) return 0;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = order === "II";
  const table = view.getUint32(4, little);
  for (let at = table + 2; at < Math.min(tiff.length - 11, table + FARTHEST); at += 12) {
    if (view.getUint16(at, little) !== TAG) continue;
    return view.getUint16(at + 2, little) === SHORT ? view.getUint16(at + 8, little) : 0;
  }
  return 0;
}

/** Whether width and height change places. */
export const onItsSide = (orientation) => orientation >= 5 && orientation <= 8;

/** Return the picture turned. */
export function upright(picture, orientation) {
  const from = FROM[orientation];
  if (!from) return picture;
  const { width, height, channels, data } = picture;
  const [wide, tall] = onItsSide(orientation) ? [height, width] : [width, height];
  const made = new Uint8Array(data.length);
  for (let y = 0; y < tall; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const [column, row] = from(x, y, width - 1, height - 1);
      const [source, to] = [(row * width + column) * channels, (y * wide + x) * channels];
      for (let channel = 0; channel < channels; channel += 1) made[to + channel] = data[source + channel];
    }
  }
  return { ...picture, width: wide, height: tall, data: made };
}

/** Where in the file's picture a pixel of the upright one is. */
const FROM = {
  2: (x, y, right) => [right - x, y],
  3: (x, y, right, bottom) => [right - x, bottom - y],
  4: (x, y, right, bottom) => [x, bottom - y],
  5: (x, y) => [y, x],
  6: (x, y, right, bottom) => [y, bottom - x],
  7: (x, y, right, bottom) => [right - y, bottom - x],
  8: (x, y, right) => [right - y, x],
};

function indexOf(bytes) {
  for (let at = bytes.indexOf(FIRST[0]); at >= 0; at = bytes.indexOf(FIRST[0], at + 1)) {
    if (FIRST.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
