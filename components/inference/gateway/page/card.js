// The model card: what this version is, what it was trained from, how good it was on data that it had never seen.

import { className, count, element } from "./words.js";

const at = (id) => document.getElementById(id);
const NAMED = 150; // classes that are named
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

/** Show what `/about` says of the model; what the card lacks is left out. */
export function showCard({ workload, version, classes, card, card_page }) {
  document.title = `${workload} · Journeyman`;
  at("workload").textContent = workload;
  at("description").textContent = card.description ?? "";
  at("card").hidden = false;
  at("facts").replaceChildren(
    ...pair("Version", version),
    ...pair("Trained", card.trained && day.format(new Date(card.trained))),
    ...pair("Data", card.data?.title && titled(card.data)),
    ...pair("Its licence", card.data?.licence),
    ...pair("Examples", card.data?.examples && sizes(card.data.examples)),
    ...pair(`${classes.length} classes`, classesTold(classes)),
    ...pair("Commit", card.commit && `${card.commit.slice(0, 8)}${card.dirty ? ", with uncommitted changes" : ""}`),
  );
  at("measures").replaceChildren(...(card.metrics?.length ? [measures(card.metrics)] : []));
  at("whole").hidden = !card_page || at("links").hidden; // a link takes no key along
  const params = Object.entries(card.parameters ?? {});
  at("recipe").hidden = params.length === 0;
  at("params").replaceChildren(...params.flatMap(([name, value]) => pair(name, value)));
}

function pair(name, value) {
  if (!value) return [];
  const detail = element("dd", "");
  detail.append(value);
  return [element("dt", "", name), detail];
}

function titled({ title, homepage }) {
  if (!homepage) return title;
  return Object.assign(element("a", "", title), { href: homepage, rel: "noreferrer" });
}

function sizes(examples) {
  return ["train", "validation", "test"].map((split) => `${split}\u00a0${count(examples[split])}`).join(", ");
}

function measures(metrics) {
  const table = element("table", "");
  table.createCaption().textContent = "On the test split, which it has never seen";
  const head = table.createTHead().insertRow();
  head.append(...["Measure", "Model", "Baseline"].map((text) => heading(text, "col")));
  const body = table.createTBody();
  for (const { name, model, baseline, decides } of metrics) {
    const row = body.insertRow();
    if (decides) row.className = "decides";
    row.append(heading(name.replaceAll("_", " "), "row"));
    row.insertCell().textContent = shown(model);
    row.insertCell().textContent = baseline == null ? "" : shown(baseline);
  }
  return table;
}

function heading(textContent, scope) {
  return Object.assign(element("th", "", textContent), { scope });
}

function shown(value) {
  return Math.abs(value) < 10 ? value.toFixed(4) : count(Math.round(value));
}

function classesTold(classes) {
  const named = classes.slice(0, NAMED).map((label) => className(label, classes));
  return [...named, ...(classes.length > NAMED ? [`${count(classes.length - NAMED)} more`] : [])].join(", ");
}
