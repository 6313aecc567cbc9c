// The mean of a recording's channels, added in numpy's order: a float file's sums are rounded as Python rounds them.

const AT_ONCE = 8; // numbers that numpy adds side by side

/** Return the sum of `count` numbers, `at(index)` each: by one, or from eight on in eight sums (numpy's pairwise sum). */
function sum(count, at) {
  let [found, next] = [0, 0];
  if (count >= AT_ONCE) {
    const sums = Array.from({ length: AT_ONCE }, (_, index) => at(index));
    for (next = AT_ONCE; next + AT_ONCE <= count; next += AT_ONCE) {
      for (let index = 0; index < AT_ONCE; index += 1) sums[index] += at(next + index);
    }
    const [a, b, c, d, e, f, g, h] = sums;
    found = a + b + (c + d) + (e + f + (g + h));
  }
  for (; next < count; next += 1) found += at(next);
  return found;
}

/** Return `Float64Array` of `frames`: the mean of `channels` samples, `at(frame, channel)` each. */
export function mean(frames, channels, at) {
  const found = new Float64Array(frames);
  for (let frame = 0; frame < frames; frame += 1) {
    found[frame] = sum(channels, (channel) => at(frame, channel)) / channels;
  }
  return found;
}
