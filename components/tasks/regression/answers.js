// The number, and the interval around it: `answers.py`.

export function answer([value, lower, upper], classes, { quantile, coverage }) {
  const wider = Math.fround(quantile);
  const [low, high] = [Math.min(Math.fround(lower - wider), value), Math.max(Math.fround(upper + wider), value)];
  return { value, low, high, coverage };
}
