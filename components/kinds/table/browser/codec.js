// A record -> the features that the model takes: what `components/kinds/table/codec` reads where nothing is remembered.

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Return the features of a row, `Float32Array` in the order of `input.features`. */
export async function read(row, input) {
  const { definition } = input;
  const time = definition.time == null ? null : millisecondsOf(row[definition.time], definition.time);
  const numbers = definition.numbers.map((name) => numberOf(row[name], name));
  const dates = Object.entries(sorted(definition.dates ?? {})).flatMap(([name, parts]) =>
    parts.flatMap((part) => partsOf(row[name] == null ? null : millisecondsOf(row[name], name), part)),
  );
  const calendar = time === null ? [] : calendarOf(time);
  const windows = windowNames(input, numbers.length + dates.length + calendar.length).map((name) => numberOf(row[name], name));
  const categories = Object.entries(sorted(definition.categories)).map(([name, known]) => known.indexOf(row[name]) + 1);
  return Float32Array.from([...numbers, ...dates, ...calendar, ...windows, ...categories]);
}

const sorted = (columns) => Object.fromEntries(Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What the caller sends of the past: features between those of the record itself and its categories. */
function windowNames({ features, definition }, before) {
  return features.slice(before, features.length - Object.keys(definition.categories).length);
}

function numberOf(value, name) {
  if (value == null) return NaN;
  const number = Number(value);
  if (typeof value === "string" || !Number.isFinite(number)) throw new Error(`${name}: expected a number`);
  return number;
}

function millisecondsOf(value, name) {
  if (typeof value === "number") return Math.floor(value * 1000);
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(value ?? "") ? value : `${value}Z`;
  const found = Date.parse(zoned.replace(/(\.\d{3})\d+/, "$1"));
  if (Number.isNaN(found)) throw new Error(`${name}: expected a time as 2018-04-01T12:30:00Z`);
  return found;
}

function calendarOf(time) {
  const weekday = modulo(Math.floor(time / DAY) + 3, 7); // 1970 began on a Thursday; 0 is Monday
  return [Number(weekday >= 5), Number(Math.floor(modulo(time, DAY) / HOUR) <= 6)];
}

function partsOf(time, part) {
  if (part === "days") return [time === null ? NaN : time / DAY];
  if (time === null) return [NaN, NaN];
  const [place, length] = placeOf(time, part);
  const angle = (2 * Math.PI * place) / length;
  return [Math.sin(angle), Math.cos(angle)];
}

function placeOf(time, part) {
  if (part === "day") return [Math.floor(modulo(time, DAY) / HOUR), 24];
  if (part === "week") return [modulo(Math.floor(time / DAY) + 3, 7), 7];
  const day = Math.floor(time / DAY);
  return [day - Date.UTC(new Date(day * DAY).getUTCFullYear(), 0) / DAY, 366];
}

const modulo = (value, by) => ((value % by) + by) % by;
