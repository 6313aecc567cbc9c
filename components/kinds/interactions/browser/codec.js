// Lists of recent items -> their numbers, as `components/kinds/interactions/codec` reads them where nobody is remembered.

let known = { classes: null, numbers: null };

/** Return the numbers of a row's items, `Int32Array` of `input.length + input.exclude`: the latest first, then what is left out. */
export async function read(row, input, serve, classes) {
  const numbers = numbersOf(classes, input.items);
  const [recent, exclude] = ["recent", "exclude"].map((field) => namesOf(row[field], field).map((name) => numbers.get(name) ?? 0));
  if (exclude.length > input.exclude) throw new Error(`exclude: ${exclude.length} items, at most ${input.exclude} are taken`);
  const latestFirst = recent.reverse();
  const older = input.repeats ? [] : latestFirst.slice(input.length);
  const found = new Int32Array(input.length + input.exclude);
  found.set(latestFirst.slice(0, input.length));
  found.set([...exclude, ...older].slice(0, input.exclude), input.length);
  return found;
}

/** The number of each item, from 1: it is made once. Classes behind them came up after training. */
function numbersOf(classes, items) {
  if (known.classes === classes) return known.numbers;
  known = { classes, numbers: new Map(classes.slice(0, items).map((name, index) => [name, index + 1])) };
  return known.numbers;
}

/** A list, or the text of a JSON list, or texts parted by `|`, as tables have them. */
function namesOf(said, field) {
  if (said == null || said === "") return [];
  const list = typeof said === "string" ? listOf(said) : said;
  if (!Array.isArray(list)) throw new Error(`${field}: expected a list of items`);
  return list.map((name) => String(name).trim());
}

function listOf(said) {
  return said.trimStart().startsWith("[") ? JSON.parse(said) : said.split("|").filter((part) => part.trim());
}
