// A FLAC file (RFC 9639) -> samples of -1 to 1 in double precision, to the bit.

import { mean } from "./mean.js";

const [LEFT_SIDE, SIDE_RIGHT, MID_SIDE] = [8, 9, 10];
const BITS = [0, 8, 12, 0, 16, 20, 24, 32]; // of a sample, as a frame says; 0: as the file does
const FIXED = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];
const SYNC = 0b11_1111_1111_1110; // 14 bits
const DAMAGED = "the recording is damaged";
const CHECKS = Uint16Array.from({ length: 256 }, (_, byte) => {
  let check = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) check = (check << 1) ^ (check & 0x8000 ? 0x8005 : 0);
  return check;
});

/** Return `{rate, channels, frames, mono()}` of a file's bytes. */
export function readFlac(bytes) {
  const head = new Bits(bytes, 4);
  let info = null;
  for (let last = 0; !last; ) {
    last = head.read(1);
    const [type, length] = [head.read(7), head.read(24)];
    const start = head.byte();
    if (type === 0) info = infoOf(new Bits(bytes, start));
    head.move(start + length);
  }
  if (!info) throw new Error(DAMAGED);
  const { rate, channels, bits, frames } = info;
  const mono = () => {
    const sound = decoded(bytes, head.byte(), info);
    return mean(frames, channels, (frame, channel) => sound[channel][frame] / 2 ** (bits - 1));
  };
  return { rate, channels, frames, mono };
}

function infoOf(bits) {
  bits.read(16 + 16 + 24 + 24); // the smallest and largest of blocks and frames
  return { rate: bits.read(20), channels: bits.read(3) + 1, bits: bits.read(5) + 1, frames: bits.read(36) };
}

/** Return the samples of each channel, whole numbers. */
function decoded(bytes, start, info) {
  const sound = Array.from({ length: info.channels }, () => new Float64Array(info.frames));
  const bits = new Bits(bytes, start);
  for (let done = 0; done < info.frames; ) {
    const begun = bits.byte();
    const block = frameOf(bits, info);
    const check = bytes.subarray(begun, bits.byte()).reduce((so, byte) => ((so << 8) & 0xffff) ^ CHECKS[(so >> 8) ^ byte], 0);
    if (bits.read(16) !== check || done + block[0].length > info.frames || block.length !== info.channels) throw new Error(DAMAGED);
    block.forEach((channel, index) => sound[index].set(channel, done));
    done += block[0].length;
  }
  return sound;
}

/** Return the samples of each channel of a frame, and stand at its check. */
function frameOf(bits, info) {
  if (bits.read(14) !== SYNC) throw new Error(DAMAGED);
  bits.read(2); // whether blocks differ in length
  const [sizeCode, rateCode, assigned, bitsCode] = [bits.read(4), bits.read(4), bits.read(4), bits.read(3)];
  bits.read(1);
  for (let more = bits.ones(); more > 1; more -= 1) bits.read(8); // the number of the frame, as UTF-8 has it
  bits.move(bits.byte());
  const size = sizeOf(bits, sizeCode);
  if (rateCode >= 12) bits.read(rateCode === 12 ? 8 : 16);
  bits.read(8); // the check of the head: that of the frame has it too
  const depth = BITS[bitsCode] || info.bits;
  const count = assigned < LEFT_SIDE ? assigned + 1 : 2;
  const side = { [LEFT_SIDE]: 1, [SIDE_RIGHT]: 0, [MID_SIDE]: 1 }[assigned];
  const channels = Array.from({ length: count }, (_, index) => subframe(bits, size, depth + (index === side ? 1 : 0)));
  bits.align();
  return together(channels, assigned);
}

function sizeOf(bits, code) {
  if (code === 0) throw new Error(DAMAGED);
  if (code === 1) return 192;
  if (code === 6 || code === 7) return bits.read(code === 6 ? 8 : 16) + 1;
  return code < 6 ? 576 << (code - 2) : 256 << (code - 8);
}

/** Return left and right of what was kept as one of them and their difference, or as their mean and difference. */
function together(channels, assigned) {
  const [first, second] = channels;
  if (assigned === LEFT_SIDE) return [first, first.map((left, index) => left - second[index])];
  if (assigned === SIDE_RIGHT) return [first.map((side, index) => side + second[index]), second];
  if (assigned !== MID_SIDE) return channels;
  const twice = first.map((mid, index) => 2 * mid + Math.abs(second[index] % 2));
  return [twice.map((sum, index) => (sum + second[index]) / 2), twice.map((sum, index) => (sum - second[index]) / 2)];
}

function subframe(bits, size, depth) {
  bits.read(1);
  const type = bits.read(6);
  const wasted = bits.read(1) ? bits.zeros() + 1 : 0;
  const samples = new Float64Array(size);
  const each = depth - wasted;
  if (type === 0) samples.fill(bits.signed(each));
  else if (type === 1) samples.forEach((_, index) => { samples[index] = bits.signed(each); });
  else if (type >= 8 && type <= 12) predict(bits, samples, each, type - 8, () => [FIXED[type - 8], 0]);
  else if (type >= 32) predict(bits, samples, each, type - 31, () => coefficients(bits, type - 31));
  else throw new Error(DAMAGED);
  return wasted ? samples.map((sample) => sample * 2 ** wasted) : samples;
}

function coefficients(bits, order) {
  const precision = bits.read(4) + 1;
  const shift = bits.signed(5);
  return [Array.from({ length: order }, () => bits.signed(precision)), shift];
}

/** Fill in samples: the first as they are, each other by those before it and what is left. */
function predict(bits, samples, depth, order, read) {
  for (let index = 0; index < order; index += 1) samples[index] = bits.signed(depth);
  const [by, shift] = read();
  const scale = 2 ** shift;
  residual(bits, samples, order);
  for (let index = order; index < samples.length; index += 1) {
    let sum = 0;
    for (let back = 0; back < order; back += 1) sum += by[back] * samples[index - 1 - back];
    samples[index] += Math.floor(sum / scale);
  }
}

/** Put into samples from `order` on what is left, in Rice's code. */
function residual(bits, samples, order) {
  const wide = bits.read(2) === 0 ? 4 : 5;
  const partitions = 2 ** bits.read(4);
  const each = samples.length / partitions;
  for (let partition = 0, index = order; partition < partitions; partition += 1) {
    const parameter = bits.read(wide);
    const plain = parameter === 2 ** wide - 1 ? bits.read(5) : -1;
    for (const end = (partition + 1) * each; index < end; index += 1) {
      samples[index] = plain < 0 ? bits.rice(parameter) : bits.signed(plain);
    }
  }
}

/** Bytes, bit by bit, the highest first. */
class Bits {
  constructor(bytes, start) {
    [this.bytes, this.at] = [bytes, 8 * start];
  }

  byte() {
    return Math.ceil(this.at / 8);
  }

  move(byte) {
    if (byte > this.bytes.length) throw new Error(DAMAGED);
    this.at = 8 * byte;
  }

  align() {
    this.move(this.byte());
  }

  read(count) {
    let value = 0;
    for (let left = count; left > 0; ) {
      const place = Math.floor(this.at / 8);
      if (place >= this.bytes.length) throw new Error(DAMAGED);
      const there = 8 - (this.at % 8);
      const taken = Math.min(left, there);
      value = value * 2 ** taken + ((this.bytes[place] >> (there - taken)) & (2 ** taken - 1));
      this.at += taken;
      left -= taken;
    }
    return value;
  }

  signed(count) {
    const value = this.read(count);
    return count && value >= 2 ** (count - 1) ? value - 2 ** count : value;
  }

  /** Return how many zeros stand before the next one, and read that. */
  zeros() {
    let count = 0;
    while (!this.read(1)) count += 1;
    return count;
  }

  ones() {
    let count = 0;
    while (this.read(1)) count += 1;
    return count;
  }

  rice(parameter) {
    const value = this.zeros() * 2 ** parameter + this.read(parameter);
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
}
