// A PNG file -> pixels, as Pillow reads them: ISO/IEC 15948.

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
const PLAIN = [[0, 0, 1, 1]];

/**
 * Return `{width, height, channels, data, exif}`: 8 bits, 1 (grey), 3 or 4 channels (with transparency); `deep: true`
 * with 16 bits of one channel. Of 16 bits of several channels the upper 8 are read, as Pillow does.
 */
export async function readPng(bytes) {
  const file = chunksOf(bytes);
  const { width, height, depth, colour } = file;
  const samples = SAMPLES[colour];
  if (!samples || ![1, 2, 4, 8, 16].includes(depth)) throw new Error("the PNG picture has a form that is not known");
  const content = await inflated(file.data);
  const raw = unpacked(content, width, height, depth, samples, file.interlaced);
  const plain = colour === 3 ? coloured(raw, file) : eight(raw, depth, colour);
  return { ...transparent({ width, height, ...plain }, file), exif: file.exif };
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const file = { width, height, depth: bytes[24], colour: bytes[25], interlaced: bytes[28] === 1, data: [] };
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IEND") break;
    if (name === "IDAT") file.data.push(content);
    else if (name === "PLTE") file.palette = content;
    else if (name === "tRNS") file.transparency = content;
    else if (name === "eXIf" && file.data.length === 0) file.exif = content;
    at += 12 + length;
  }
  if (!width || !height || !file.data.length) throw new Error("the PNG picture is damaged");
  return file;
}

async function inflated(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return the samples, `[height, width, samples]`, as the file has them. */
function unpacked(content, width, height, depth, samples, interlaced) {
  const raw = depth === 16 ? new Uint16Array(width * height * samples) : new Uint8Array(width * height * samples);
  const step = Math.max(1, (depth * samples) >> 3);
  let at = 0;
  for (const [left, top, across, down] of interlaced ? PASSES : PLAIN) {
    const [wide, tall] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    if (wide <= 0 || tall <= 0) continue;
    const length = Math.ceil((wide * depth * samples) / 8);
    let before = new Uint8Array(length);
    for (let y = 0; y < tall; y += 1) {
      if (at + length >= content.length + (y === tall - 1 ? 1 : 0)) throw new Error("the PNG picture is cut off");
      const row = content.subarray(at + 1, at + 1 + length);
      unfilter(content[at], row, before, step);
      place(row, raw, ((top + y * down) * width + left) * samples, wide, across * samples, depth, samples);
      before = row;
      at += 1 + length;
    }
  }
  return raw;
}

function unfilter(filter, row, before, step) {
  for (let index = 0; index < row.length; index += 1) {
    const left = index >= step ? row[index - step] : 0;
    const corner = index >= step ? before[index - step] : 0;
    if (filter === 1) row[index] += left;
    else if (filter === 2) row[index] += before[index];
    else if (filter === 3) row[index] += (left + before[index]) >> 1;
    else if (filter === 4) row[index] += paeth(left, before[index], corner);
    else if (filter !== 0) throw new Error("the PNG picture is damaged");
  }
}

function paeth(left, above, corner) {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

function place(row, raw, from, wide, step, depth, samples) {
  for (let x = 0; x < wide; x += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const index = x * samples + sample;
      let value = row[index];
      if (depth === 16) value = (row[2 * index] << 8) | row[2 * index + 1];
      else if (depth < 8) value = (row[(index * depth) >> 3] >> (8 - depth - ((index * depth) & 7))) & ((1 << depth) - 1);
      raw[from + x * step + sample] = value;
    }
  }
}

function coloured(raw, { palette = new Uint8Array(0), transparency }) {
  const channels = transparency ? 4 : 3;
  const data = new Uint8Array(raw.length * channels);
  for (let index = 0; index < raw.length; index += 1) {
    for (let channel = 0; channel < 3; channel += 1) data[index * channels + channel] = palette[3 * raw[index] + channel] ?? 0;
    if (transparency) data[index * 4 + 3] = transparency[raw[index]] ?? 255;
  }
  return { channels, data };
}

function eight(raw, depth, colour) {
  if (depth === 16 && colour === 0) return { channels: 1, deep: true, data: raw };
  const most = (1 << depth) - 1;
  const scaled = depth === 8 ? raw : Uint8Array.from(raw, (value) => (depth === 16 ? value >> 8 : (value * 255) / most));
  if (colour !== 4) return { channels: SAMPLES[colour], data: scaled };
  const data = new Uint8Array(scaled.length * 2); // grey with transparency
  for (let index = 0; index < scaled.length / 2; index += 1) {
    data.fill(scaled[2 * index], 4 * index, 4 * index + 3);
    data[4 * index + 3] = scaled[2 * index + 1];
  }
  return { channels: 4, data };
}

/** Return the picture with the one colour transparent that the file says, if it says one. */
function transparent(picture, { transparency, colour }) {
  if (!transparency || picture.deep || (colour !== 0 && colour !== 2)) return picture;
  const clear = Array.from({ length: picture.channels }, (_, channel) => transparency[2 * channel + 1]);
  const { channels, data } = picture;
  const made = new Uint8Array((data.length / channels) * 4);
  for (let index = 0; index < made.length / 4; index += 1) {
    const here = data.subarray(index * channels, (index + 1) * channels);
    for (let channel = 0; channel < 3; channel += 1) made[4 * index + channel] = here[channels === 1 ? 0 : channel];
    made[4 * index + 3] = clear.every((value, channel) => value === here[channel]) ? 0 : 255;
  }
  return { ...picture, channels: 4, data: made };
}
