// A sound at another rate, by its Fourier transform: `resampled` of `components/kinds/audio/codec/sound.py`.

import { transformed } from "./fourier.js";
import { halfToEven } from "./rounding.js";

const EDGE = 0.02; // seconds of silence around a recording, into which its ends ring

/** Return the samples at another rate: frequencies that do not fit are cut off. */
export function resampled(sound, rate, wanted) {
  if (rate === wanted) return sound;
  const common = divisor(rate, wanted);
  const [block, made] = [rate / common, wanted / common]; // samples that are as long
  const edge = Math.ceil((EDGE * rate) / block);
  const blocks = Math.ceil(sound.length / block) + 2 * edge;
  const padded = new Float64Array(blocks * block);
  padded.set(sound, edge * block);
  const whole = fromSpectrum(transformed(padded, new Float64Array(padded.length)), padded.length, blocks * made);
  const size = Math.max(1, halfToEven((sound.length * wanted) / rate));
  return whole.subarray(edge * made, edge * made + size).map((sample) => sample * (made / block));
}

/** Return the `length` real samples of the lower frequencies that both rates have, of a spectrum of `before` of them. */
function fromSpectrum({ real, imaginary }, before, length) {
  const kept = Math.floor(Math.min(before, length) / 2) + 1;
  const [re, im] = [new Float64Array(length), new Float64Array(length)];
  for (let index = 0; index < kept; index += 1) {
    re[index] = real[index];
    if (index === 0 || 2 * index === length) continue; // those have no other half
    im[index] = -imaginary[index]; // the inverse is the transform of the conjugate
    re[length - index] = real[index];
    im[length - index] = imaginary[index];
  }
  return transformed(re, im).real.map((sample) => sample / length);
}

function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}
