// Whether an example is positive: its probability reaches the threshold. `answers.py`.

export function answer(outputs, classes, { threshold }) {
  const probability = outputs[1];
  return { label: classes[Number(probability >= Math.fround(threshold))], probability, threshold };
}
