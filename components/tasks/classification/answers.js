// The most probable class, and the probability of every one: `answers.py`.

const MOST = 100;

export function answer(outputs, classes) {
  const best = outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b)));
  const order = Array.from(outputs.keys());
  if (classes.length > MOST) order.sort((a, b) => outputs[b] - outputs[a]).splice(MOST);
  const probabilities = Object.fromEntries(order.map((index) => [classes[index], outputs[index]]));
  return { label: classes[best], probability: outputs[best], probabilities };
}
