// A picture's file, or a frame of a camera, -> the array that the model takes: what `components/kinds/image/codec` reads, to the bit.

import { readBmp } from "./bmp.js";
import { jpegSize, readJpeg } from "./jpeg.js";
import { onItsSide, orientation, orientationOfJpeg, upright } from "./orientation.js";
import { readPng } from "./png.js";
import { by255, fitted } from "./resize.js";
import { readWebp } from "./webp.js";

const FIRST_DRAFT = 2; // of bundles that say none
const WHITE = 255;
const FORMATS = { PNG: [0x89, 0x50, 0x4e, 0x47], JPEG: [0xff, 0xd8, 0xff], WEBP: [0x52, 0x49, 0x46, 0x46], BMP: [0x42, 0x4d] };

/**
 * Return the picture of a row, `Uint8Array` of `[height, width, channels]`.
 *
 * `row.picture` is a file's bytes, or `{width, height, channels: 4, data}` of a camera.
 */
export async function read(row, input, serve) {
  const picture = row.picture instanceof Uint8Array ? await opened(row.picture, input, serve) : opaque(row.picture);
  const turn = picture.turn ?? 0;
  const [width, height] = onItsSide(turn) ? [input.height, input.width] : [input.width, input.height];
  const plain = picture.deep ? eightBits(picture, input.levels) : picture;
  const seen = onBackground(upright(fitted(plain, width, height), turn), input.background ?? WHITE);
  return inChannels(seen, input.channels);
}

async function opened(bytes, input, serve) {
  if (!bytes.length) throw new Error("the picture is empty (0 bytes)");
  const format = Object.keys(FORMATS).find((name) => FORMATS[name].every((byte, index) => bytes[index] === byte));
  const taken = serve.formats ?? Object.keys(FORMATS);
  if (!format || !taken.includes(format)) throw new Error(`not a ${taken.filter((name) => FORMATS[name]).join(", ")} picture`);
  const most = serve.max_pixels ?? 50_000_000;
  const size = sizeOf(format, bytes);
  if (size.width * size.height > most) throw new Error(`the picture has more than ${most} pixels`);
  if (format === "PNG") return turned(await readPng(bytes));
  if (format === "WEBP") return turned(await readWebp(bytes));
  return format === "BMP" ? readBmp(bytes) : jpeg(bytes, input, size);
}

const turned = (picture) => ({ ...picture, turn: orientation(picture.exif) });

function jpeg(bytes, input, { width, height }) {
  const turn = orientationOfJpeg(bytes);
  const [wide, tall] = onItsSide(turn) ? [input.height, input.width] : [input.width, input.height];
  const draft = input.draft ?? FIRST_DRAFT; // a large JPEG is decoded at a part of its size, as the endpoint does
  const times = Math.min(Math.floor(width / (draft * wide)), Math.floor(height / (draft * tall)));
  const scale = [8, 4, 2].find((size) => times >= size) ?? 1;
  return { ...readJpeg(bytes, scale, input.channels === 1), turn };
}

function sizeOf(format, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === "JPEG") return jpegSize(bytes);
  if (format === "PNG") return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === "BMP") return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  return { width: 0, height: 0 }; // the browser's decoder has its own bound
}

function opaque({ width, height, data }) {
  const made = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    made[to] = data[from];
    made[to + 1] = data[from + 1];
    made[to + 2] = data[from + 2];
  }
  return { width, height, channels: 3, data: made };
}

function eightBits(picture, levels) {
  if (!levels) return { ...picture, data: Uint8Array.from(picture.data, (value) => value >> 8) };
  const [low, high] = levels;
  const by = Math.fround(255 / (high - low));
  const scaled = (value) => Math.min(255, Math.max(0, Math.fround(Math.fround(value - Math.fround(low)) * by)));
  return { ...picture, data: Uint8Array.from(picture.data, (value) => halfToEven(scaled(value))) };
}

function halfToEven(value) {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 ? down + 1 : down;
}

function onBackground(picture, level) {
  if (picture.channels !== 4) return picture;
  const { width, height, data } = picture;
  const made = new Uint8Array(3 * width * height);
  for (let index = 0; index < width * height; index += 1) {
    const alpha = data[4 * index + 3];
    for (let channel = 0; channel < 3; channel += 1) {
      made[3 * index + channel] = by255(level * (255 - alpha) + data[4 * index + channel] * alpha);
    }
  }
  return { width, height, channels: 3, data: made };
}

function inChannels({ channels, data }, wanted) {
  if (channels === wanted) return data;
  const made = new Uint8Array((data.length / channels) * wanted);
  for (let index = 0; index < data.length / channels; index += 1) {
    if (channels === 1) made.fill(data[index], 3 * index, 3 * index + 3);
    else made[index] = (19_595 * data[3 * index] + 38_470 * data[3 * index + 1] + 7_471 * data[3 * index + 2] + 32_768) >> 16;
  }
  return made;
}
