// The page: what the endpoint says of itself, a question, its answer. Nothing comes from another address.

import { showAnswer, showProblem, showWaiting } from "./answer.js";
import { showCard } from "./card.js";
import { drawFields, fillFields, readFields } from "./fields.js";
import { offerPictures, showHeat, showPicture } from "./picture.js";
import { className, element } from "./words.js";

const KEY = "journeyman-key";
const PICTURES = { offer: offerPictures, show: showPicture };
const at = (id) => document.getElementById(id);
let files = PICTURES; // what the endpoint takes
let about = null;
let asked = 0;
let talk = null;
let shelf = null;

await introduce();

/** Ask the endpoint what it is, and draw the page accordingly. */
async function introduce() {
  at("links").hidden = sessionStorage.getItem(KEY) !== null; // a link takes no key along
  const response = await call("about");
  if (!response) return;
  const before = about;
  about = await response.json();
  showCard(about);
  if (before) return; // another version came to work: what the person has typed stays
  at("question").hidden = false;
  if (about.form.upload) await drawUpload(about.form.upload);
  else await drawRecord(about.form.fields);
  drawExamples(about.examples);
}

async function drawUpload(upload) {
  at("upload").hidden = false;
  at("upload-hint").textContent = upload.description ?? "";
  if (upload.types.some((type) => type.startsWith("audio/"))) files = (await import("./sound.js")).SOUNDS;
  offerDrop(files.offer(upload.types, askFile));
}

/** Take what is dropped anywhere on the page. */
function offerDrop(takeFirst) {
  const over = (event, inside) => {
    event.preventDefault();
    at("frame").classList.toggle("over", inside);
  };
  addEventListener("dragover", (event) => over(event, true));
  addEventListener("dragleave", (event) => over(event, false));
  addEventListener("drop", (event) => {
    over(event, false);
    takeFirst(event.dataTransfer.files);
  });
}

async function drawRecord(schema) {
  at("record").hidden = false;
  if (Object.values(schema.properties).some((property) => property["x-items"])) {
    shelf = await import("./shelf.js");
    shelf.begin(about.classes, schema.properties, (record) => ask("application/json", record));
    return;
  }
  at("remembers").hidden = !about.remembers;
  at("record").addEventListener("submit", (event) => {
    event.preventDefault();
    ask("application/json", readFields(at("fields")));
  });
  drawFields(at("fields"), schema); // last: a field hides what the form has under its name
  const [only, ...others] = Object.values(schema.properties);
  if (!only["x-multiline"] || others.length) return;
  talk = await import("./chat.js");
  talk.begin();
}

function drawExamples(examples) {
  at("examples-box").hidden = examples.length === 0;
  at("examples").replaceChildren(...examples.map(example));
}

function example({ name, href, record }) {
  const button = element("button", "");
  button.type = "button";
  button.append(element("span", "", className(name, about.classes)));
  if (record) button.addEventListener("click", () => askRecord(record));
  else offerFile(button, name, href);
  const item = element("li", "");
  item.append(button);
  return item;
}

/** Show an example's file on its button, which asks about it; what did not come at first is fetched by the click. */
async function offerFile(button, name, href) {
  const canvas = element("canvas", "");
  let file = null;
  const load = async () => {
    file ??= await (await call(href))?.blob();
    if (file) await files.show(canvas, file);
  };
  button.prepend(canvas);
  button.addEventListener("click", async () => {
    if (!file) await load();
    if (file) await askFile(file, name);
  });
  await load();
}

async function askFile(file, name) {
  const shown = await files.show(at("picture"), file);
  at("picture").hidden = !shown;
  at("picture").setAttribute("aria-label", name);
  at("invitation").hidden = shown;
  await ask("application/octet-stream", file);
}

function askRecord(record) {
  if (shelf) return shelf.fill(record);
  fillFields(at("fields"), record);
  HTMLFormElement.prototype.requestSubmit.call(at("record")); // whatever the fields are named
}

/** Ask, and show what comes; of several questions the last one's answer stands. */
async function ask(type, body) {
  const mine = ++asked;
  showWaiting();
  const began = performance.now();
  const route = about.explains ? "explain" : "predict";
  const headers = { "content-type": type, "x-journeyman-origin": "page" }; // no customer asks
  const response = await call(route, { method: "POST", headers, body });
  if (!response) return;
  const answer = await response.json();
  if (mine !== asked) return;
  if (answer.explanation && files.mark) answer.explanation = files.mark(at("picture"), answer.explanation);
  showAnswer(answer, about.classes, performance.now() - began);
  shelf?.show(answer);
  talk?.addTurn(body, answer, about.classes);
  if (answer.heat) showHeat(at("picture"), answer.heat);
  if (answer.model_version !== about.version) await introduce();
}

/** Call the endpoint with the key, if there is one. Return what it answers; null after showing why there is nothing. */
async function call(href, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key && { authorization: `Bearer ${key}` }) };
  try {
    const response = await fetch(href, { ...options, headers });
    if (response.ok) return response;
    if (response.status === 401) askForKey();
    const said = await response.json().catch(() => ({}));
    showProblem(said.error ?? `The endpoint answered with status ${response.status}.`);
  } catch {
    showProblem("The endpoint does not answer.");
  }
  return null;
}

function askForKey() {
  at("key").hidden = false;
  at("links").hidden = true;
  at("key-text").focus();
}

at("key").addEventListener("submit", async (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, at("key-text").value.trim());
  at("key").hidden = true;
  showProblem("");
  if (!about) await introduce();
});
