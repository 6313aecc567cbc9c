// The answer: what it says in a sentence, how sure that is as bars, and what moved it, if the endpoint tells.

import { className, element, numeral, percent, percentagePoints, signed, value } from "./words.js";

const MOST = 10; // bars
const STRONG = 6; // effects that are shown at once
const SLIGHT = 0.05; // an effect that fills half of its bar at least is no smaller than this
const at = (id) => document.getElementById(id);

/** Show one answer: a number with its interval, suggestions (`shelf.js` has them all), how unusual something is, or classes with their probabilities. */
export function showAnswer(answer, classes, milliseconds, way = "there and back") {
  showProblem("");
  const { said, hint, bars, moved } = told(answer, classes);
  const facts = [hint, `${value(milliseconds)} ms ${way}`, `version ${answer.model_version}`].filter(Boolean);
  at("verdict").replaceChildren(
    element("p", "label", said),
    ...(answer.unfamiliar ? [element("p", "unfamiliar", unfamiliarTold(answer))] : []),
    element("p", "hint", facts.join(" · ")),
    ...(answer.heat ? [element("p", "hint", "The redder a place of the picture, the more unusual it is.")] : []),
    ...(answer.warnings ?? []).map((warning) => element("p", "hint", `Unusual: ${warning}`)),
  );
  at("bars").replaceChildren(...bars);
  showExplanation(answer.explanation ?? [], moved);
  bringIntoView();
}

function unfamiliarTold({ abstains, unfamiliar_rank: rank }) {
  const plainly = "This is like nothing I was trained on.";
  const so = abstains ? "So I give no answer." : "Do not rely on the answer.";
  return `${plainly} ${so} It is more unlike it than ${percent(rank)} of the examples I was checked with.`;
}

function told(answer, classes) {
  if (answer.abstains) return { said: "No answer", hint: "", bars: [], moved: {} };
  if ("value" in answer) return numberTold(answer);
  if ("suggestions" in answer) return { said: answer.suggestions[0]?.item ?? "Nothing", hint: "comes first", bars: [], moved: {} };
  return "score" in answer ? scoreTold(answer, classes) : classTold(answer, classes);
}

function numberTold({ value: found, low, high, coverage }) {
  const moved = { hint: "The number, less what it", written: signed, slight: SLIGHT * (high - low) };
  const hint = `${percent(coverage)} of such intervals hold the true number`;
  return { said: numeral(found), hint, bars: [interval(found, low, high)], moved };
}

function scoreTold({ label, score, rank, threshold }, classes) {
  const hint = `more unusual than ${percent(rank)} of what was seen in training`;
  const moved = { hint: "How unusual it is, less how unusual it", written: percentagePoints, slight: SLIGHT };
  const bars = [bar("score", score, true, threshold), bar("rank", rank, false)];
  return { said: className(label, classes), hint, bars, moved };
}

/** Of many classes their probabilities, of two that of the second, and from where on it counts. */
function classTold(answer, classes) {
  const chances = answer.probabilities ?? { [classes[1]]: answer.probability, [classes[0]]: 1 - answer.probability };
  const ranked = Object.entries(chances).sort((a, b) => b[1] - a[1]).slice(0, MOST);
  const bars = ranked.map(([label, chance]) => {
    const threshold = label === classes[1] ? answer.threshold : undefined;
    return bar(className(label, classes), chance, label === answer.label, threshold);
  });
  const name = className(answer.probabilities ? answer.label : classes[1], classes);
  const moved = { hint: `How probable is “${name}”, less how probable it`, written: percentagePoints, slight: SLIGHT };
  return { said: className(answer.label, classes), hint: percent(chances[answer.label]), bars, moved };
}

export function showWaiting() {
  at("answer").setAttribute("aria-busy", "true");
}

/** Show why there is no answer, in the endpoint's own sentence; an empty one takes it away. */
export function showProblem(sentence) {
  at("problem").textContent = sentence;
  at("answer").removeAttribute("aria-busy");
  if (!sentence) return;
  at("verdict").replaceChildren();
  at("bars").replaceChildren();
  showExplanation([]);
  bringIntoView();
}

function bar(name, chance, chosen, threshold) {
  const item = element("li", chosen ? "bar chosen" : "bar");
  const track = element("span", "track");
  const fill = element("span", "fill");
  fill.style.width = `${100 * chance}%`;
  track.append(fill);
  if (threshold !== undefined) track.append(mark(name, threshold));
  item.append(element("span", "name", name), track, element("span", "value", percent(chance)));
  return item;
}

function mark(name, threshold) {
  const line = element("span", "threshold");
  line.style.left = `${100 * threshold}%`;
  line.title = `${name} from ${percent(threshold)} on`;
  return line;
}

/** Draw the interval of a number, with a margin of a tenth on both sides, and where the number lies in it. */
function interval(found, low, high) {
  const wide = high - low || 1;
  const place = (number) => `${(100 * (number - low + wide / 10)) / (1.2 * wide)}%`;
  const item = element("li", "interval");
  const track = element("span", "track");
  const fill = element("span", "fill");
  fill.style.left = place(low);
  fill.style.width = `${100 / 1.2}%`;
  const point = element("span", "threshold");
  point.style.left = place(found);
  point.title = numeral(found);
  track.append(fill, point);
  item.append(track, element("span", "low", numeral(low)), element("span", "value", numeral(high)));
  return item;
}

function showExplanation(effects, { hint, written, slight } = {}) {
  at("explanation").hidden = effects.length === 0;
  if (effects.length === 0) return;
  at("explanation-hint").textContent = `${hint} would be ${otherwise(effects[0])}.`;
  const largest = Math.max(...effects.map(({ effect }) => Math.abs(effect)), slight) || 1;
  const drawn = effects.map((effect) => row(effect, largest, written));
  at("effects").replaceChildren(...drawn.slice(0, STRONG));
  at("weaker").hidden = drawn.length <= STRONG;
  at("weaker-effects").replaceChildren(...drawn.slice(STRONG));
}

const otherwise = (effect) => ("word" in effect ? "without the word" : "start" in effect ? "without this part" : "with the typical value");

function row({ feature, value: here, typical, effect, ...part }, largest, written) {
  const item = element("li", "effect");
  const track = element("span", "track two-sided");
  const fill = element("span", effect < 0 ? "fill less" : "fill more");
  fill.style.width = `${(50 * Math.abs(effect)) / largest}%`;
  track.append(fill);
  const known = feature === undefined ? [] : [element("span", "here", `${value(here)}, typical ${value(typical)}`)];
  item.append(element("span", "name", feature ?? partName(part)), ...known, track, element("span", "value", written(effect)));
  return item;
}

/** A word of a text, a stretch of time of a sound, or a band of its frequencies. */
function partName({ word, start, end, low, high }) {
  if (word !== undefined) return word;
  return start === null ? `${numeral(low)} to ${numeral(high)} Hz` : `${start.toFixed(2)} to ${end.toFixed(2)} s`;
}

function bringIntoView() {
  if (at("chat")?.hidden === false) return; // who talks reads the answer there
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const { top, bottom } = at("answer-title").getBoundingClientRect();
  const seen = top >= 0 && bottom < innerHeight - 120;
  if (!seen) at("answer").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
