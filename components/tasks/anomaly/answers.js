// How unusual an example is, and where that stands among what was seen: `answers.py`.

export function answer([score], classes, { threshold, ranks }) {
  const label = classes[Number(score >= Math.fround(threshold))];
  return { label, score, rank: rankOf(score, ranks), threshold };
}

/** The share of the validation examples whose score is lower, interpolated; of equal scores the lowest level counts. */
function rankOf(score, ranks) {
  const known = ranks.map(([level, at]) => [level, Math.fround(at)]).filter(([, at], index, all) => !index || at !== all[index - 1][1]);
  const next = known.findIndex(([, at]) => at >= score);
  if (next < 0) return 1;
  if (next === 0 || known[next][1] === score) return known[next][0];
  const [[low, from], [high, to]] = [known[next - 1], known[next]];
  return low + ((high - low) * (score - from)) / (to - from);
}
