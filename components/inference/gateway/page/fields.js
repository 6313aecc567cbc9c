// A form drawn from the JSON schema of one record, and the record that is typed into it.

import { element } from "./words.js";

/** Draw one field for each property of the schema. */
export function drawFields(box, schema) {
  const required = new Set(schema.required ?? []);
  const drawn = Object.entries(schema.properties).map(([name, property]) =>
    field(name, plain(property, schema), required.has(name)),
  );
  box.replaceChildren(...drawn);
}

/** Type a record, texts by name, into the fields; what it lacks is left empty. */
export function fillFields(box, record) {
  for (const input of box.querySelectorAll("[name]")) {
    const text = Object.hasOwn(record, input.name) ? record[input.name] : ""; // a column may be named `constructor`
    input.value = input.type === "datetime-local" ? localTime(text) : text;
  }
}

/** Return the record as JSON. Numbers are written as typed: JavaScript's own would round long ones. */
export function readFields(box) {
  const pairs = [...box.querySelectorAll("[name]")]
    .filter((input) => input.value !== "")
    .map((input) => `${JSON.stringify(input.name)}: ${literal(input)}`);
  return `{${pairs.join(", ")}}`;
}

/** Return the property without its alternative "null" and without references. */
function plain(property, schema) {
  const alternatives = property.anyOf ?? property.oneOf ?? [property];
  const chosen = alternatives.find((one) => one.type !== "null") ?? {};
  const meant = chosen.$ref ? schema.$defs[chosen.$ref.split("/").pop()] : chosen;
  return { ...property, ...meant };
}

function field(name, property, required) {
  const id = `field-${name}`;
  const input = property["x-multiline"] ? lines() : property.enum || property.type === "boolean" ? choice(property) : line(property, id);
  Object.assign(input, { id, name, required });
  input.dataset.type = property.type ?? "string";
  const label = Object.assign(element("label", "", name), { htmlFor: id });
  const box = element("div", "field");
  box.append(label, input, ...hint(input, property, required), ...suggestions(property, id));
  return box;
}

function choice(property) {
  const select = element("select", "");
  const options = property.enum ?? ["true", "false"];
  select.append(new Option("", ""), ...options.map((option) => new Option(option, option)));
  return select;
}

function lines() {
  return Object.assign(element("textarea", ""), { rows: 2 });
}

function line(property, id) {
  const input = element("input", "");
  const { type, format, minimum, maximum, maxLength } = property;
  if (type === "integer" || type === "number") {
    Object.assign(input, { type: "number", step: type === "integer" ? "1" : "any" });
    if (minimum != null) input.min = minimum;
    if (maximum != null) input.max = maximum;
  } else if (format === "date-time") {
    Object.assign(input, { type: "datetime-local", step: "any" });
  } else if (maxLength != null) {
    input.maxLength = maxLength;
  }
  input.autocomplete = "off";
  if (type === "string" && property.examples) input.setAttribute("list", `${id}-list`);
  return input;
}

function hint(input, { minimum, maximum, format, description }, required) {
  const from = minimum != null && `from ${minimum}`;
  const to = maximum != null && `up to ${maximum}`;
  const said = [description, from, to, format === "date-time" && "UTC", !required && "may be left out"].filter(Boolean);
  if (!said.length) return [];
  const text = element("span", "hint", said.join(", "));
  text.id = `${input.id}-hint`;
  input.setAttribute("aria-describedby", text.id);
  return [text];
}

function suggestions({ type, format, examples }, id) {
  if (type !== "string" || format || !examples) return [];
  const list = element("datalist", "");
  list.id = `${id}-list`;
  list.append(...examples.map((value) => new Option(value, value)));
  return [list];
}

function literal({ dataset, value }) {
  if (dataset.type === "boolean") return value;
  if (dataset.type !== "integer" && dataset.type !== "number") return JSON.stringify(value);
  const long = /^-?\d{16,}$/.test(value); // more digits than JavaScript's own numbers keep
  return long ? value.replace(/^(-?)0+(?=\d)/, "$1") : String(Number(value));
}

/** An ISO 8601 time as this input takes it: in UTC, without a zone, to the millisecond. */
function localTime(text) {
  const utc = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? new Date(text).toISOString().slice(0, -1) : text;
  return utc.replace(/(\.\d{3})\d+$/, "$1");
}
