// What was asked in words and answered so far, as a conversation; the words that moved an answer are marked.

import { className, element, percent, percentagePoints } from "./words.js";

const STRONGEST = 0.6; // how opaque the mark of the strongest word is
const SLIGHT = 0.02; // an effect that marks a word at all
const at = (id) => document.getElementById(id);

/** Show the conversation, empty as it is, and have Enter send. */
export function begin() {
  at("chat").hidden = false;
  at("record").classList.add("talk");
  const input = at("fields").querySelector("textarea");
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    HTMLFormElement.prototype.requestSubmit.call(at("record"));
  });
}

/** Add a question and its answer. */
export function addTurn(record, answer, classes) {
  const [text] = Object.values(JSON.parse(record));
  const asked = element("li", "turn asked");
  asked.append(...marked(text, answer.explanation ?? []));
  const said = element("li", answer.unfamiliar ? "turn said unsure" : "turn said", reply(answer, classes));
  at("chat").append(asked, said);
  at("chat").scrollTop = at("chat").scrollHeight;
  const input = at("fields").querySelector("textarea");
  input.value = "";
}

function reply(answer, classes) {
  if (answer.abstains) return "I don’t know.";
  if ("value" in answer) return String(answer.value);
  const name = className(answer.label, classes);
  const chance = answer.probabilities?.[answer.label] ?? answer.probability;
  const told = chance === undefined ? name : `${name} (${percent(chance)})`;
  return answer.unfamiliar ? `I don’t know. If I had to guess: ${told}` : told;
}

/** Return the words in their order, each marked by what it does to the answer; the text itself where none is told. */
function marked(text, effects) {
  if (!effects.length) return [text];
  const strongest = Math.max(...effects.map(({ effect }) => Math.abs(effect)), SLIGHT);
  const words = [...effects].sort((one, other) => one.place - other.place);
  return words.flatMap(({ word, effect }) => {
    const mark = element("span", effect < 0 ? "word less" : "word more", word);
    mark.title = percentagePoints(effect);
    if (Math.abs(effect) >= SLIGHT) mark.style.setProperty("--mark", `${100 * STRONGEST * (Math.abs(effect) / strongest)}%`);
    return [mark, " "];
  });
}
