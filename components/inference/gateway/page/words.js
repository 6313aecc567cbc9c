// How things are called and numbers are written.

const YES_NO = [["0", "1"], ["False", "True"], ["false", "true"]];
const percents = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const points = new Intl.NumberFormat("en", { maximumFractionDigits: 2, signDisplay: "exceptZero" });
const numerals = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
const changes = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, signDisplay: "exceptZero" });
const counts = new Intl.NumberFormat("en");

/** The class as a person says it: where there is but one question, 0 and 1 are its no and yes. */
export function className(label, classes) {
  const plain = YES_NO.some((pair) => pair.join() === classes.join());
  return plain ? `${label === classes[1] ? "yes" : "no"} (${label})` : label;
}

export const percent = (share) => percents.format(share);
export const percentagePoints = (share) => `${points.format(100 * share)} points`;
export const numeral = (number) => numerals.format(number);
export const signed = (number) => changes.format(number);
export const count = (number) => counts.format(number);

/** A value of whatever type, numbers to four digits, small ones to two. */
export function value(found) {
  if (found == null) return "missing";
  return typeof found === "number" ? String(Number(found.toPrecision(Math.abs(found) < 10 ? 2 : 4))) : found;
}

export function element(tag, className, textContent = "") {
  return Object.assign(document.createElement(tag), { className, textContent });
}
