// A recording's file -> the samples that the model takes: what `components/kinds/audio/codec` reads, to the bit where the rate is the model's.

import { readFlac } from "./flac.js";
import { resampled } from "./resample.js";
import { halfToEven } from "./rounding.js";
import { readWav } from "./wav.js";

const MAX_SECONDS = 60; // of bundles that say none
const RATES = [1_000, 384_000];
const CHANNELS = 64;
const FULL = 32_768; // of 16 bits
const READERS = { RIFF: readWav, RIFX: readWav, fLaC: readFlac };

/** Media types that an endpoint takes and a page does not: browsers differ in how they decode them. */
export const NOT_READ = ["audio/ogg"];

/** Whether a row's file is of a format that is read here. */
export const takes = (row) => formatOf(row.sound) in READERS;

/** Return the samples of a row, `Int16Array` of `input.length`; `row.sound` is a file's bytes. */
export async function read(row, input, serve) {
  const format = formatOf(row.sound);
  if (format === "OggS") throw new Error("OGG is not read in a browser: send WAV or FLAC, or record it here");
  if (!(format in READERS)) throw new Error("the file is no recording that can be read: send WAV or FLAC");
  const file = READERS[format](row.sound);
  check(file);
  const seconds = serve.max_seconds ?? MAX_SECONDS;
  const most = Math.floor(seconds * file.rate);
  if (file.frames > most) throw new Error(`the recording is longer than ${seconds} seconds; send a part of it`);
  if (!file.frames) throw new Error("the recording has no samples");
  const sound = file.mono();
  if (!sound.every(Number.isFinite)) throw new Error("the recording has samples that are no numbers");
  return whole(fitted(resampled(sound, file.rate, input.rate), input.length));
}

const formatOf = (bytes) => String.fromCharCode(...bytes.subarray(0, 4));

function check({ rate, channels }) {
  if (rate < RATES[0] || rate > RATES[1]) throw new Error(`the recording has ${rate} samples a second: from ${RATES.join(" to ")}`);
  if (channels > CHANNELS) throw new Error(`the recording has ${channels} channels: at most ${CHANNELS} are read`);
}

/** Return `length` samples: of a longer sound its loudest part, a shorter one in the middle of silence. */
function fitted(sound, length) {
  const found = new Float64Array(length);
  if (sound.length <= length) {
    found.set(sound, Math.floor((length - sound.length) / 2));
    return found;
  }
  const energy = new Float64Array(sound.length + 1);
  sound.forEach((sample, index) => { energy[index + 1] = energy[index] + sample * sample; });
  let start = 0;
  for (let index = 1; index + length < energy.length; index += 1) {
    if (energy[index + length] - energy[index] > energy[start + length] - energy[start]) start = index;
  }
  found.set(sound.subarray(start, start + length));
  return found;
}

/** Return samples of -1 to 1 in 16 bits; what is louder is clipped. */
function whole(sound) {
  return Int16Array.from(sound, (sample) => Math.min(FULL - 1, Math.max(-FULL, halfToEven(sample * FULL))));
}
