// What somebody took, to be clicked together, and what is suggested then: each with the item that it stands on.

import { element, percent } from "./words.js";

const OFFERED = 24; // items that are offered at once
const SHOWN = 10; // suggestions
const at = (id) => document.getElementById(id);
const named = { recent: [], exclude: [] }; // by the fields of a request
let user = null; // the field that says who asks, if there is one
const lists = { recent: element("ol", "chips"), exclude: element("ol", "chips") };
const offered = element("ol", "chips");
let items = [];
let send = null;

/** Draw the shelf in the place of the fields, which `properties` describe; `ask` is given the record whenever it changes. */
export function begin(classes, properties, ask) {
  [items, send] = [classes, ask];
  const asker = Object.keys(properties).find((name) => !lists[name]);
  const find = Object.assign(element("input", ""), { id: "find", type: "search", placeholder: items[0], autocomplete: "off" });
  find.addEventListener("input", () => offer(find.value));
  const label = (text, htmlFor) => Object.assign(element(htmlFor ? "label" : "h3", "", text), { htmlFor });
  const shelf = Object.assign(element("div", ""), { id: "shelf" });
  lists.recent.setAttribute("aria-label", "Taken, the latest last");
  lists.exclude.setAttribute("aria-label", "Sold out");
  offered.setAttribute("aria-label", "Items to take");
  if (asker) shelf.append(...who(asker, properties[asker].description));
  shelf.append(label("Taken, the latest last"), lists.recent, label("Sold out"), lists.exclude, label("Find an item", "find"), find, offered);
  at("fields").before(shelf);
  at("record").classList.add("shelved");
  at("record").addEventListener("submit", (event) => event.preventDefault());
  offer("");
  change();
}

/** Take over a record of an example, lists as JSON by field. */
export function fill(record) {
  for (const field of Object.keys(lists)) named[field] = JSON.parse(record[field] ?? "[]");
  if (user) user.value = "";
  change();
}

/** Show the suggestions of an answer; a click takes one. */
export function show({ suggestions }) {
  at("bars").replaceChildren(...suggestions.slice(0, SHOWN).map(suggestion));
}

/** A field for who asks. What this user takes is remembered, so that it is not taken away again. */
function who(name, description) {
  user = Object.assign(element("input", ""), { id: "user", name, autocomplete: "off", maxLength: 200 });
  user.setAttribute("aria-describedby", "user-hint");
  user.addEventListener("change", () => {
    named.recent = [];
    change();
  });
  const hint = Object.assign(element("span", "hint", description), { id: "user-hint" });
  return [Object.assign(element("label", "", `Who asks (${name})`), { htmlFor: "user" }), user, hint];
}

function suggestion({ item, because, part }) {
  const row = element("li", "suggestion");
  const why = because === null ? "is popular" : `because of ${because}, ${percent(part)}`;
  const track = element("span", "track");
  const share = element("span", "fill");
  share.style.width = `${100 * part}%`;
  track.append(share);
  row.append(button(item, () => put("recent", item)), element("span", "hint", why), track, button("sold out", () => put("exclude", item), `${item} is sold out`));
  return row;
}

function offer(text) {
  const wanted = text.trim().toLowerCase();
  const found = items.filter((item) => item.toLowerCase().includes(wanted)).slice(0, OFFERED);
  offered.replaceChildren(...found.map((item) => chip(item, () => put("recent", item), `Take ${item}`)));
}

function put(field, item) {
  named[field].push(item);
  change();
}

function change() {
  for (const [field, list] of Object.entries(lists)) {
    const nothing = element("li", "hint", "nothing yet: click an item");
    const kept = field === "recent" && user?.value;
    const chips = named[field].map((item, place) =>
      kept ? element("li", "", item) : chip(`${item} ×`, () => take(field, place), `Take ${item} away`),
    );
    list.replaceChildren(...(chips.length ? chips : [nothing]));
  }
  send(JSON.stringify(user?.value ? { [user.name]: user.value, ...named } : named));
}

function take(field, place) {
  named[field].splice(place, 1);
  change();
}

function chip(text, act, label) {
  const item = element("li", "");
  item.append(button(text, act, label));
  return item;
}

function button(text, act, label = `Take ${text}`) {
  const made = Object.assign(element("button", "", text), { type: "button" });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
