// A JPEG file -> pixels, equal to the bit to what Pillow makes of it: no two browsers have the same decoder.

import { inverse } from "./dct.js";
import { huffmanTable, readScan, ZIGZAG } from "./huffman.js";
import { enlarged } from "./upsample.js";

const SCANS = 64; // as the endpoint has it: each costs a pass over the whole picture

/** Return the size that the file's frame says, `{width, height}`. */
export function jpegSize(data) {
  for (const { marker, at } of segments(data)) {
    if (marker >= 0xc0 && marker <= 0xc2) return { width: word(data, at + 3), height: word(data, at + 1) };
  }
  throw new Error("the JPEG picture has no frame");
}

/**
 * Return `{width, height, channels, data}`, one channel or three, at 1/`scale` of its size (1, 2, 4, 8).
 *
 * `grey`: of a colour picture the brightness that the file keeps, as Pillow's `draft("L")`.
 */
export function readJpeg(data, scale, grey) {
  const frame = coefficientsOf(data);
  const size = 8 / scale;
  const [width, height] = [Math.ceil(frame.width / scale), Math.ceil(frame.height / scale)];
  const coloured = frame.components.length === 3;
  const wanted = grey && coloured && frame.space === "YCbCr" ? frame.components.slice(0, 1) : frame.components;
  const planes = wanted.map((component) => planeOf(frame, component, size));
  if (planes.length === 1) return { width, height, channels: 1, data: cropped(planes[0], width, height) };
  const made = new Uint8Array(3 * width * height);
  (frame.space === "RGB" ? joined : converted)(planes, width, height, made);
  return { width, height, channels: 3, data: made };
}

function coefficientsOf(data) {
  const tables = { quantization: [], dc: [], ac: [] };
  const frame = { restart: 0, adobe: -1, jfif: false };
  let scans = 0;
  for (const segment of segments(data)) {
    const { marker, at, end } = segment;
    if (marker === 0xdb) readQuantization(data, at, end, tables.quantization);
    else if (marker === 0xc4) readHuffman(data, at, end, tables);
    else if (marker === 0xdd) frame.restart = word(data, at);
    else if (marker === 0xe0) frame.jfif ||= text(data, at, 4) === "JFIF";
    else if (marker === 0xee && text(data, at, 5) === "Adobe") frame.adobe = data[at + 11];
    else if (marker >= 0xc0 && marker <= 0xc2) readFrame(data, at, frame, marker === 0xc2);
    else if (marker > 0xc2 && marker < 0xd0 && marker !== 0xc8 && marker !== 0xcc) throw new Error("this sort of JPEG is not read");
    else if (marker === 0xda) {
      scans += 1;
      if (scans > SCANS) throw new Error(`the JPEG picture has more than ${SCANS} scans`);
      segment.next = readScan(data, end, frame, scanOf(data, at, frame, tables));
    }
  }
  if (!frame.components || !scans) throw new Error("there is no picture in the JPEG file");
  frame.space = spaceOf(frame);
  return frame;
}

/** Yield the segments; who reads data behind one sets `next`. */
function* segments(data) {
  let at = 2;
  while (at < data.length - 3) {
    if (data[at] !== 0xff) {
      at += 1;
      continue;
    }
    const marker = data[at + 1];
    at += marker === 0xff ? 1 : 2;
    if (marker === 0xd9) return;
    if (marker === 0xff || marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const end = at + word(data, at);
    const segment = { marker, at: at + 2, end, next: end };
    yield segment;
    at = segment.next;
  }
}

function readQuantization(data, at, end, tables) {
  while (at < end) {
    const said = data[at++];
    const table = new Int32Array(64);
    for (let k = 0; k < 64; k += 1) {
      table[ZIGZAG[k]] = said >> 4 ? word(data, at) : data[at];
      at += said >> 4 ? 2 : 1;
    }
    tables[said & 15] = table;
  }
}

function readHuffman(data, at, end, tables) {
  while (at < end) {
    const said = data[at++];
    const counts = data.subarray(at, at + 16);
    const count = counts.reduce((sum, one) => sum + one, 0);
    (said >> 4 ? tables.ac : tables.dc)[said & 15] = huffmanTable(counts, data.subarray(at + 16, at + 16 + count));
    at += 16 + count;
  }
}

function readFrame(data, at, frame, progressive) {
  if (data[at] !== 8) throw new Error("a JPEG of more than 8 bits is not read");
  Object.assign(frame, { progressive, height: word(data, at + 1), width: word(data, at + 3) });
  frame.components = Array.from({ length: data[at + 5] }, (_, index) => {
    const from = at + 6 + 3 * index;
    return { id: data[from], h: data[from + 1] >> 4, v: data[from + 1] & 15, table: data[from + 2] };
  });
  if (![1, 3].includes(frame.components.length)) throw new Error("a JPEG of four colours is not read");
  if (frame.components.length === 1) Object.assign(frame.components[0], { h: 1, v: 1 });
  frame.h = Math.max(...frame.components.map(({ h }) => h));
  frame.v = Math.max(...frame.components.map(({ v }) => v));
  frame.mcusWide = Math.ceil(frame.width / (8 * frame.h));
  frame.mcusTall = Math.ceil(frame.height / (8 * frame.v));
  for (const component of frame.components) {
    component.blocksWide = Math.ceil((frame.width * component.h) / (8 * frame.h));
    component.blocksTall = Math.ceil((frame.height * component.v) / (8 * frame.v));
    component.stride = frame.mcusWide * component.h;
    component.coefficients = new Int16Array(64 * component.stride * frame.mcusTall * component.v);
  }
}

function scanOf(data, at, frame, tables) {
  const count = data[at];
  const parts = Array.from({ length: count }, (_, index) => {
    const [id, said] = [data[at + 1 + 2 * index], data[at + 2 + 2 * index]];
    const component = frame.components?.find((one) => one.id === id);
    if (!component) throw new Error("the JPEG picture has a scan of no component");
    component.quantization ??= tables.quantization[component.table];
    return { component, dc: tables.dc[said >> 4], ac: tables.ac[said & 15], before: 0 };
  });
  const behind = at + 1 + 2 * count;
  return { parts, from: data[behind], to: data[behind + 1], high: data[behind + 2] >> 4, low: data[behind + 2] & 15 };
}

/** Which colours the components are, as libjpeg guesses it. */
function spaceOf({ components, jfif, adobe }) {
  if (components.length === 1) return "grey";
  if (jfif) return "YCbCr";
  if (adobe >= 0) return adobe === 0 ? "RGB" : "YCbCr";
  return components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB" ? "RGB" : "YCbCr";
}

/** Return a component's plane, as large as the picture: blocks of fewer pixels are rather made less small than enlarged. */
function planeOf(frame, component, least) {
  const { h, v, stride, blocksWide, blocksTall, coefficients, quantization } = component;
  let size = least;
  while (size < 8 && (frame.h * least) % (h * size * 2) === 0 && (frame.v * least) % (v * size * 2) === 0) size *= 2;
  const wide = 8 * Math.ceil((stride * size) / 8);
  const samples = new Uint8Array(wide * blocksTall * size);
  for (let y = 0; y < blocksTall; y += 1) {
    for (let x = 0; x < blocksWide; x += 1) {
      inverse(size, coefficients, 64 * (y * stride + x), quantization, samples, y * size * wide + x * size, wide);
    }
  }
  const width = Math.ceil((frame.width * h * size) / (frame.h * 8));
  const height = Math.ceil((frame.height * v * size) / (frame.v * 8));
  const plane = { width, height, data: cropped({ width: wide, data: samples }, width, height) };
  const [across, down] = [(frame.h * least) / (h * size), (frame.v * least) / (v * size)];
  return enlarged(plane, across, down, least > 1);
}

function cropped(plane, width, height) {
  if (plane.width === width) return plane.data.subarray(0, width * height);
  const made = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    made.set(plane.data.subarray(y * plane.width, y * plane.width + width), y * width);
  }
  return made;
}

function joined(planes, width, height, made) {
  planes.forEach((plane, channel) => {
    const data = cropped(plane, width, height);
    for (let index = 0; index < data.length; index += 1) made[3 * index + channel] = data[index];
  });
}

/** ITU-T T.871, in whole numbers of 16 bits. */
function converted([luma, blue, red], width, height, made) {
  const clamp = (value) => (value < 0 ? 0 : value > 255 ? 255 : value);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = luma.data[y * luma.width + x];
      const cb = blue.data[y * blue.width + x] - 128;
      const cr = red.data[y * red.width + x] - 128;
      const to = 3 * (y * width + x);
      made[to] = clamp(light + ((91_881 * cr + 32_768) >> 16));
      made[to + 1] = clamp(light + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16));
      made[to + 2] = clamp(light + ((116_130 * cb + 32_768) >> 16));
    }
  }
}

const word = (data, at) => (data[at] << 8) | data[at + 1];
const text = (data, at, length) => String.fromCharCode(...data.subarray(at, at + length));
