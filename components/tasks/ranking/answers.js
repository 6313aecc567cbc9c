// The suggestions, and the recent item that each stands on: `answers.py`.

const COLUMNS = 4;

export function answer(outputs, classes) {
  const most = outputs.length / COLUMNS;
  const suggestions = Array.from({ length: most }, (_, place) => {
    const [item, score, because, part] = [0, 1, 2, 3].map((column) => outputs[column * most + place]);
    return { item: classes[item], score, because: because < 0 ? null : classes[because], part };
  });
  return { suggestions: suggestions.filter(({ item }) => item !== undefined) };
}
