// The answer: what it says in a sentence, its probabilities as bars, and what moved it, if the endpoint tells.

import { className, element, percent, percentagePoints, value } from "./words.js";

const MOST = 10; // bars
const STRONG = 6; // effects that are shown at once
const SLIGHT = 0.05; // an effect that fills half of its bar at least is no smaller than this
const at = (id) => document.getElementById(id);

/** Show one answer: of many classes their probabilities, of two that of the second, and from where on it counts. */
export function showAnswer(answer, classes, milliseconds) {
  showProblem("");
  const chances = answer.probabilities ?? { [classes[1]]: answer.probability, [classes[0]]: 1 - answer.probability };
  const ranked = Object.entries(chances).sort((a, b) => b[1] - a[1]).slice(0, MOST);
  const facts = [`${value(milliseconds)} ms there and back`, `version ${answer.model_version}`];
  at("verdict").replaceChildren(
    element("p", "label", className(answer.label, classes)),
    element("p", "hint", [percent(chances[answer.label]), ...facts].join(" · ")),
    ...(answer.warnings ?? []).map((warning) => element("p", "hint", `Unusual: ${warning}`)),
  );
  at("bars").replaceChildren(
    ...ranked.map(([label, chance]) => {
      const threshold = label === classes[1] ? answer.threshold : undefined;
      return bar(className(label, classes), chance, label === answer.label, threshold);
    }),
  );
  showExplanation(answer.explanation ?? [], className(classes[1], classes));
  bringIntoView();
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

function showExplanation(effects, name) {
  at("explanation").hidden = effects.length === 0;
  const less = "less how probable it would be with the typical value";
  at("explanation-hint").textContent = `How probable is “${name}”, ${less}.`;
  const largest = Math.max(...effects.map(({ effect }) => Math.abs(effect)), SLIGHT);
  const drawn = effects.map((effect) => row(effect, largest));
  at("effects").replaceChildren(...drawn.slice(0, STRONG));
  at("weaker").hidden = drawn.length <= STRONG;
  at("weaker-effects").replaceChildren(...drawn.slice(STRONG));
}

function row({ feature, value: here, typical, effect }, largest) {
  const item = element("li", "effect");
  const track = element("span", "track two-sided");
  const fill = element("span", effect < 0 ? "fill less" : "fill more");
  fill.style.width = `${(50 * Math.abs(effect)) / largest}%`;
  track.append(fill);
  const known = element("span", "here", `${value(here)}, typical ${value(typical)}`);
  item.append(element("span", "name", feature), known, track, element("span", "value", percentagePoints(effect)));
  return item;
}

function bringIntoView() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const { top, bottom } = at("answer-title").getBoundingClientRect();
  const seen = top >= 0 && bottom < innerHeight - 120;
  if (!seen) at("answer").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
