// Coefficients of one block -> its samples, 8, 4, 2 or 1 a side, by the whole numbers of the Independent JPEG Group's "slow" method
// (Loeffler, Ligtenberg and Moschytz 1989, "Practical fast 1-D DCT algorithms with 11 multiplications"), which Pillow uses.

const BITS = 13; // of the constants' fraction
const PASS = 2; // more bits that are kept between columns and rows
const workspace = new Int32Array(64);

const clamp = (value) => (value < 0 ? 0 : value > 255 ? 255 : value);
const descale = (value, bits) => (value + (1 << (bits - 1))) >> bits;

/** Write the samples of the block at `at` to `out` from `to` on, `stride` a row. */
export function inverse(size, coefficients, at, table, out, to, stride) {
  METHODS[size](coefficients, at, table, out, to, stride);
}

function eight(c, at, q, out, to, stride) {
  const w = workspace;
  for (let x = 0; x < 8; x += 1) {
    const a = at + x;
    if (!(c[a + 8] | c[a + 16] | c[a + 24] | c[a + 32] | c[a + 40] | c[a + 48] | c[a + 56])) {
      const dc = (c[a] * q[x]) << PASS;
      for (let y = 0; y < 64; y += 8) w[y + x] = dc;
      continue;
    }
    odd8(
      c[a] * q[x], c[a + 8] * q[x + 8], c[a + 16] * q[x + 16], c[a + 24] * q[x + 24],
      c[a + 32] * q[x + 32], c[a + 40] * q[x + 40], c[a + 48] * q[x + 48], c[a + 56] * q[x + 56],
    );
    for (let y = 0; y < 8; y += 1) w[8 * y + x] = descale(line[y], BITS - PASS);
  }
  for (let y = 0; y < 8; y += 1) {
    const r = 8 * y;
    odd8(w[r], w[r + 1], w[r + 2], w[r + 3], w[r + 4], w[r + 5], w[r + 6], w[r + 7]);
    const o = to + y * stride;
    for (let x = 0; x < 8; x += 1) out[o + x] = clamp(descale(line[x], BITS + PASS + 3) + 128);
  }
}

const line = new Int32Array(8);

function odd8(i0, i1, i2, i3, i4, i5, i6, i7) {
  let z1 = (i2 + i6) * 4433;
  let t2 = z1 - i6 * 15137;
  let t3 = z1 + i2 * 6270;
  let t0 = (i0 + i4) << BITS;
  let t1 = (i0 - i4) << BITS;
  const [a0, a3, a1, a2] = [t0 + t3, t0 - t3, t1 + t2, t1 - t2];
  z1 = i7 + i1;
  let z2 = i5 + i3;
  let z3 = i7 + i3;
  let z4 = i5 + i1;
  const z5 = (z3 + z4) * 9633;
  t0 = i7 * 2446;
  t1 = i5 * 16819;
  t2 = i3 * 25172;
  t3 = i1 * 12299;
  z1 *= -7373;
  z2 *= -20995;
  z3 = z3 * -16069 + z5;
  z4 = z4 * -3196 + z5;
  t0 += z1 + z3;
  t1 += z2 + z4;
  t2 += z2 + z3;
  t3 += z1 + z4;
  line[0] = a0 + t3;
  line[7] = a0 - t3;
  line[1] = a1 + t2;
  line[6] = a1 - t2;
  line[2] = a2 + t1;
  line[5] = a2 - t1;
  line[3] = a3 + t0;
  line[4] = a3 - t0;
}

function odd4(i0, i1, i2, i3, i5, i6, i7) {
  const t0 = i0 << (BITS + 1);
  const t2 = i2 * 15137 - i6 * 6270;
  const [a0, a2] = [t0 + t2, t0 - t2];
  const b0 = i7 * -1730 + i5 * 11893 + i3 * -17799 + i1 * 8697;
  const b2 = i7 * -4176 + i5 * -4926 + i3 * 7373 + i1 * 20995;
  line[0] = a0 + b2;
  line[3] = a0 - b2;
  line[1] = a2 + b0;
  line[2] = a2 - b0;
}

function four(c, at, q, out, to, stride) {
  const w = workspace;
  for (let x = 0; x < 8; x += 1) {
    if (x === 4) continue;
    const a = at + x;
    odd4(
      c[a] * q[x], c[a + 8] * q[x + 8], c[a + 16] * q[x + 16], c[a + 24] * q[x + 24],
      c[a + 40] * q[x + 40], c[a + 48] * q[x + 48], c[a + 56] * q[x + 56],
    );
    for (let y = 0; y < 4; y += 1) w[8 * y + x] = descale(line[y], BITS - PASS + 1);
  }
  for (let y = 0; y < 4; y += 1) {
    const r = 8 * y;
    odd4(w[r], w[r + 1], w[r + 2], w[r + 3], w[r + 5], w[r + 6], w[r + 7]);
    const o = to + y * stride;
    for (let x = 0; x < 4; x += 1) out[o + x] = clamp(descale(line[x], BITS + PASS + 4) + 128);
  }
}

function two(c, at, q, out, to, stride) {
  const w = workspace;
  for (const x of [0, 1, 3, 5, 7]) {
    const a = at + x;
    const even = (c[a] * q[x]) << (BITS + 2);
    const odd = pair(c[a + 8] * q[x + 8], c[a + 24] * q[x + 24], c[a + 40] * q[x + 40], c[a + 56] * q[x + 56]);
    w[x] = descale(even + odd, BITS - PASS + 2);
    w[8 + x] = descale(even - odd, BITS - PASS + 2);
  }
  for (let y = 0; y < 2; y += 1) {
    const r = 8 * y;
    const even = w[r] << (BITS + 2);
    const odd = pair(w[r + 1], w[r + 3], w[r + 5], w[r + 7]);
    const o = to + y * stride;
    out[o] = clamp(descale(even + odd, BITS + PASS + 5) + 128);
    out[o + 1] = clamp(descale(even - odd, BITS + PASS + 5) + 128);
  }
}

const pair = (i1, i3, i5, i7) => i7 * -5906 + i5 * 6967 + i3 * -10426 + i1 * 29692;

function one(c, at, q, out, to) {
  out[to] = clamp(descale(c[at] * q[0], 3) + 128);
}

const METHODS = { 8: eight, 4: four, 2: two, 1: one };
