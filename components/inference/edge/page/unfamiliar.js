// Whether an example is like nothing that the model was trained on: `components/inference/unfamiliar.py`, whose answers these are.

const KEPT = 200;
const ROUNDING = 1e-9;

/** Return the answer with whether its example is unfamiliar; where the bundle abstains, that alone. */
export function marked(answer, scores, { decision, serve }) {
  const test = decision.unfamiliar;
  if (!test || !scores) return answer;
  const [score] = scores;
  const [unfamiliar, unfamiliar_rank] = [score > Math.fround(test.threshold), rankOf(score, test)];
  if (unfamiliar && serve.abstain) {
    return { abstains: true, model_version: answer.model_version, unfamiliar, unfamiliar_rank };
  }
  return { ...answer, unfamiliar, unfamiliar_rank };
}

function rankOf(score, { scores, examples, rate }) {
  const larger = scores.findIndex((kept) => Math.fround(kept) >= score);
  const place = larger < 0 ? scores.length : larger;
  return place === 0 ? 0 : (placesOf(examples, rate)[place - 1] + 1) / (examples + 1);
}

/** Which of so many ordered scores the bundle keeps: some, spread evenly, and all of the tail. */
function placesOf(count, rate) {
  const some = Math.min(count, KEPT);
  const places = new Set();
  for (let index = 0; index < some; index += 1) places.add(some === 1 ? 0 : halfToEven((index * (count - 1)) / (some - 1)));
  for (let index = count - Math.floor(rate * (count + 1) + ROUNDING); index < count; index += 1) places.add(index);
  return [...places].sort((a, b) => a - b);
}

function halfToEven(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}
