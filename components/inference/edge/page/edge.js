// The page of a model that answers here, in the browser: nothing that it is asked leaves the machine.

import { showAnswer, showProblem, showWaiting } from "./page/answer.js";
import { showCard } from "./page/card.js";
import { drawFields, readFields } from "./page/fields.js";
import { showPicture } from "./page/picture.js";
import { offerCamera } from "./camera.js";
import { className, percent, value } from "./page/words.js";

const at = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();
let asked = 0;
let shown = 0;
let edge = null;
let about = null;
let shelf = null;

worker.addEventListener("message", ({ data: { id, found, problem } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (problem === undefined) resolve(found);
  else reject(new Error(problem));
});
worker.addEventListener("error", () => refuse("this browser cannot run it: it has no modules in workers"));

await introduce();

async function introduce() {
  if (!globalThis.crypto?.subtle) {
    refuse("it has to come over HTTPS, or from this machine: over plain HTTP its files cannot be checked");
    return;
  }
  offerOffline();
  try {
    const opened = await call("open");
    ({ edge, about } = opened);
    at("opened").textContent = `ready in ${value(opened.milliseconds)} ms, checked by its golden rows`;
  } catch (error) {
    refuse(error.message);
    return;
  }
  showCard({ workload: about.workload, version: edge.version, classes: about.classes, card: edge.card });
  tellUpdate();
  at("question").hidden = false;
  if (edge.form.upload) await drawUpload(edge.form.upload.types);
  else await drawRecord();
  document.documentElement.dataset.ready = "";
}

/** Call the worker; `moved`: what it takes over. */
function call(name, content, moved = []) {
  asked += 1;
  const id = asked;
  worker.postMessage({ id, call: name, content }, moved);
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function refuse(why) {
  at("refused").textContent = `This model does not answer: ${why}.`;
  at("refused").hidden = false;
  at("question").hidden = true;
}

async function ask(name, content, moved) {
  shown += 1;
  const mine = shown;
  showWaiting();
  try {
    const { answer, milliseconds } = await call(name, content, moved);
    if (mine !== shown) return;
    showAnswer(answer, about.classes, milliseconds, "in this browser");
    shelf?.show(answer);
  } catch (error) {
    if (mine === shown) showProblem(error.message);
  }
}

/** Take pictures, or sounds, as the upload's media types say. */
async function drawUpload(types) {
  at("upload").hidden = false;
  if (!types.some((type) => type.startsWith("audio/"))) {
    offerPictures();
    return;
  }
  const { SOUNDS } = await import("./page/sound.js");
  const read = types.filter((type) => !about.notRead.includes(type));
  offerDrop(SOUNDS.offer(read, (file, name) => askFile(file, name, SOUNDS.show)));
}

function offerPictures() {
  const take = (files) => files?.length && askFile(files[0], "the picture", showPicture);
  at("file").addEventListener("change", () => {
    take(at("file").files);
    at("file").value = "";
  });
  addEventListener("paste", (event) => take(event.clipboardData.files));
  offerDrop(take);
  at("frame").addEventListener("click", () => at("file").click());
  offerCamera((bitmap) => call("frame", bitmap, [bitmap]), said);
}

/** Hand over what is dropped anywhere on the page. */
function offerDrop(take) {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

async function askFile(file, name, show) {
  const drawn = await show(at("picture"), file);
  at("picture").hidden = !drawn;
  at("picture").setAttribute("aria-label", name);
  at("invitation").hidden = drawn;
  const bytes = await file.arrayBuffer();
  await ask("file", bytes, [bytes]);
}

async function drawRecord() {
  at("record").hidden = false;
  const { properties } = edge.form.fields;
  if (Object.values(properties).some((property) => property["x-items"])) {
    shelf = await import("./page/shelf.js");
    shelf.begin(about.classes, properties, (record) => ask("record", JSON.parse(record)));
    return;
  }
  at("record").addEventListener("submit", (event) => {
    event.preventDefault();
    ask("record", JSON.parse(readFields(at("fields"))));
  });
  drawFields(at("fields"), edge.form.fields);
}

/** What an answer says, in one line over a picture. */
function said(answer) {
  if (answer.abstains || answer.unfamiliar) return "like nothing I was trained on";
  if ("value" in answer) return value(answer.value);
  const sure = answer.probabilities?.[answer.label] ?? answer.score ?? answer.probability;
  return `${className(answer.label, about.classes)} ${percent(sure)}`;
}

/** Keep everything, so that it works without a network; what has changed comes whole, and then the page begins anew. */
function offerOffline() {
  const service = navigator.serviceWorker;
  if (!service) return;
  let before = service.controller; // none at the first visit: then nothing has changed when one takes over
  service.register("sw.js", { updateViaCache: "none" }).then(
    (registration) => addEventListener("visibilitychange", () => document.hidden || registration.update().catch(() => {})),
    () => {}, // without it the page works as long as there is a network
  );
  service.addEventListener("controllerchange", () => {
    if (before) location.reload();
    before = service.controller;
  });
}

function tellUpdate() {
  const key = `journeyman-edge-${about.workload}`;
  const before = localStorage.getItem(key);
  localStorage.setItem(key, edge.version);
  if (before === null || before === edge.version) return;
  at("updated").textContent = `updated to version ${edge.version}`;
  at("updated").hidden = false;
}
