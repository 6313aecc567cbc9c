// The Fourier transform of any length in double precision: by its small prime factors, and by a convolution for what is left.

const FACTORS = [3, 5, 7, 11, 13, 2];
let kept = { size: 0, waves: [] };

/** Return `{real, imaginary}`, both `Float64Array` of as many numbers. What is given may be overwritten. */
export function transformed(real, imaginary) {
  const size = real.length;
  if (size <= 1 || (size & (size - 1)) === 0) return byHalves(real, imaginary);
  const factor = FACTORS.find((one) => size % one === 0);
  return factor ? byFactor(real, imaginary, factor) : byConvolution(real, imaginary);
}

/** In place, of a power of two of numbers (Cooley and Tukey 1965). */
function byHalves(real, imaginary) {
  const size = real.length;
  for (let index = 1, turned = 0; index < size; index += 1) {
    let bit = size >> 1;
    for (; turned & bit; bit >>= 1) turned ^= bit;
    turned ^= bit;
    if (index < turned) swap(index, turned, real, imaginary);
  }
  const [cosines, sines] = circle(size);
  for (let half = 1; half < size; half *= 2) {
    const step = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let index = 0; index < half; index += 1) {
        const here = start + index;
        const there = here + half;
        const cosine = cosines[index * step];
        const sine = sines[index * step];
        const re = cosine * real[there] - sine * imaginary[there];
        const im = sine * real[there] + cosine * imaginary[there];
        real[there] = real[here] - re;
        imaginary[there] = imaginary[here] - im;
        real[here] += re;
        imaginary[here] += im;
      }
    }
  }
  return { real, imaginary };
}

function swap(here, there, ...parts) {
  for (const part of parts) [part[here], part[there]] = [part[there], part[here]];
}

/** By as many transforms as the factor says, each of every so many-th number. */
function byFactor(real, imaginary, factor) {
  const [size, part] = [real.length, real.length / factor];
  const parts = Array.from({ length: factor }, (_, first) => {
    const every = (all) => new Float64Array(part).map((_, index) => all[index * factor + first]);
    return transformed(every(real), every(imaginary));
  });
  const [cosines, sines] = circle(size);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  parts.forEach((one, first) => {
    for (let index = 0, angle = 0, from = 0; index < size; index += 1) {
      re[index] += cosines[angle] * one.real[from] - sines[angle] * one.imaginary[from];
      im[index] += sines[angle] * one.real[from] + cosines[angle] * one.imaginary[from];
      angle += first;
      if (angle >= size) angle -= size;
      from += 1;
      if (from === part) from = 0;
    }
  });
  return { real: re, imaginary: im };
}

/** As a convolution with a chirp, whose length may be a power of two (Bluestein 1970). */
function byConvolution(real, imaginary) {
  const size = real.length;
  const long = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const [a, b] = [[new Float64Array(long), new Float64Array(long)], [new Float64Array(long), new Float64Array(long)]];
  const angles = new Float64Array(size).map((_, index) => (Math.PI * ((index * index) % (2 * size))) / size);
  const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
  for (let index = 0; index < size; index += 1) {
    a[0][index] = real[index] * cosines[index] + imaginary[index] * sines[index];
    a[1][index] = imaginary[index] * cosines[index] - real[index] * sines[index];
    for (const place of [index, (long - index) % long]) [b[0][place], b[1][place]] = [cosines[index], sines[index]];
  }
  byHalves(...a);
  byHalves(...b);
  for (let index = 0; index < long; index += 1) {
    const re = a[0][index] * b[0][index] - a[1][index] * b[1][index];
    const im = a[0][index] * b[1][index] + a[1][index] * b[0][index];
    [a[0][index], a[1][index]] = [re, -im]; // the inverse is the transform of the conjugate
  }
  byHalves(...a);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  for (let index = 0; index < size; index += 1) {
    const [x, y] = [a[0][index] / long, -a[1][index] / long];
    re[index] = x * cosines[index] + y * sines[index];
    im[index] = y * cosines[index] - x * sines[index];
  }
  return { real: re, imaginary: im };
}

/** Return the cosines and sines of so many angles, clockwise around the circle; the last one's are kept. */
function circle(size) {
  if (kept.size === size) return kept.waves;
  const [cosines, sines] = [new Float64Array(size), new Float64Array(size)];
  for (let index = 0; index < size; index += 1) {
    cosines[index] = Math.cos((-2 * Math.PI * index) / size);
    sines[index] = Math.sin((-2 * Math.PI * index) / size);
  }
  kept = { size, waves: [cosines, sines] };
  return kept.waves;
}
