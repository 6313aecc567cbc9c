// A WAV file -> samples of -1 to 1 in double precision, as libsndfile reads them.

import { mean } from "./mean.js";

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];
const STREAMED = 0x7fff0000; // bytes from which on a head says no length: who wrote it did not know it yet
const SMALLEST = 16; // bytes of a chunk that describes the samples
const SUBFORMAT = 24; // where an extensible one says what they are

/** Return `{rate, channels, frames, mono()}` of a file's bytes. */
export function readWav(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint8(3) !== 0x58; // RIFX has the large end first
  const { format, data } = chunksOf(view, little);
  if (!format || format.length < SMALLEST || !data) throw new Error("the file is no recording that can be read: send WAV or FLAC");
  const at = format.start;
  const said = view.getUint16(at, little);
  const kind = said === EXTENSIBLE && format.length > SUBFORMAT ? view.getUint16(at + SUBFORMAT, little) : said;
  const [channels, rate, block, bits] = [
    view.getUint16(at + 2, little), view.getUint32(at + 4, little), view.getUint16(at + 12, little), view.getUint16(at + 14, little),
  ];
  const bytesEach = block / channels;
  const sample = sampleOf(view, kind, bytesEach, bits, little);
  if (!sample) throw new Error("the WAV file has samples that are not read here: send PCM of 8 to 32 bits, or floating point");
  const frames = Math.floor(data.length / block);
  const mono = () => mean(frames, channels, (frame, channel) => sample(data.start + frame * block + channel * bytesEach));
  return { rate, channels, frames, mono };
}

/** Return what the chunks `fmt ` and `data` are: where each starts, and how many bytes it has. */
function chunksOf(view, little) {
  const found = {};
  if (view.byteLength < 12 || text(view, 8) !== "WAVE") return found;
  for (let at = 12; at + 8 <= view.byteLength && !found.data; ) {
    const [name, said, start] = [text(view, at), view.getUint32(at + 4, little), at + 8];
    const there = view.byteLength - start;
    if (name === "fmt " && said <= there) found.format = { start, length: said };
    if (name === "data") found.data = { start, length: lengthOf(said, there) };
    at = start + said + (said & 1);
  }
  return found;
}

function lengthOf(said, there) {
  if (said > there && said < STREAMED) throw new Error(`the recording is cut off: ${there} of ${said} bytes of samples are there`);
  return Math.min(said, there);
}

const text = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));

/** Return what reads one sample at a place; null: there is none for such samples. */
function sampleOf(view, kind, bytesEach, bits, little) {
  if (kind === FLOAT && bytesEach === 4 && bits === 32) return (at) => view.getFloat32(at, little);
  if (kind === FLOAT && bytesEach === 8 && bits === 64) return (at) => view.getFloat64(at, little);
  if (kind !== PCM) return null;
  if (bytesEach === 1) return (at) => (view.getUint8(at) - 128) / 128;
  if (bytesEach === 2) return (at) => view.getInt16(at, little) / 32_768;
  if (bytesEach === 4) return (at) => view.getInt32(at, little) / 2 ** 31;
  if (bytesEach !== 3) return null;
  return little
    ? (at) => (view.getInt8(at + 2) * 65_536 + view.getUint16(at, true)) / 2 ** 23
    : (at) => (view.getInt16(at) * 256 + view.getUint8(at + 2)) / 2 ** 23;
}
