// One example after another. Every key does what its button does; what was answered comes back by undo.

const byId = (id) => document.getElementById(id);
const holder = (sessionStorage.labelling ??= crypto.randomUUID?.() ?? String(Math.random()).slice(2).padEnd(8, "0"));
const DIGITS = "1234567890";
let state = null;
let seen = false;
let busy = false;
let typed = "";

// A class that is called by a digit has that digit for its key, so that no key says another class than it shows.
function keysOf(classes) {
  if (classes.length > DIGITS.length) return classes.map((_, index) => String(index + 1));
  return classes.every((name) => /^[0-9]$/.test(name)) ? classes : [...DIGITS].slice(0, classes.length);
}

async function ask(operation, more = {}) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  const headers = { "content-type": "application/json" };
  if (sessionStorage.key) headers.authorization = `Bearer ${sessionStorage.key}`;
  try {
    const reply = await fetch(`label/${operation}`, { method: "POST", headers, body: JSON.stringify({ holder, ...more }) });
    const said = await reply.json();
    byId("key").hidden = reply.status !== 401;
    if (reply.ok) show(said);
    else byId("problem").textContent = reply.status === 401 ? "" : said.error;
    if (reply.status === 401) byId("key-text").focus();
  } catch {
    byId("problem").textContent = "The server does not answer; what you answered before is kept.";
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function show(said) {
  state = said;
  seen = false;
  typed = "";
  const { question, counts } = said;
  const answered = counts.label + counts.unusable;
  byId("problem").textContent = said.note;
  byId("before").textContent = said.before ? told(said.before) : "";
  byId("progress").textContent = `${answered} of ${answered + counts.open} answered, as ${said.who}`;
  byId("bar").max = answered + counts.open || 1;
  byId("bar").value = answered;
  byId("work").hidden = !question;
  byId("done").hidden = Boolean(question);
  byId("rest").textContent = counts.open
    ? `${counts.open} are open: somebody else is looking at them, or you have skipped them.`
    : "All questions are answered. `python -m flows.label` chooses more.";
  if (question) showQuestion(question, said.classes);
  showEstimate(said.history, said.fewest);
}

// Of a question about a label that is there: what it is, once somebody has answered.
function told({ value, given }) {
  if (value === given) return `You said ${value}, as the label does.`;
  return `You said ${value ?? "none of these, or unusable"}; the label is ${given}.`;
}

/** Show the example's file, a picture or a recording, which is played at once where the browser allows it. */
function showFile(address) {
  const heard = address.startsWith("data:audio/");
  byId("picture").hidden = !address || heard;
  if (!byId("picture").hidden) byId("picture").src = address;
  byId("sound").hidden = !heard;
  byId("sound").src = heard ? address : "";
  if (heard) byId("sound").play().catch(() => {}); // the browser waits for a click
}

function showQuestion(question, classes) {
  showFile(question.picture ?? "");
  const record = Object.entries(question.record ?? {});
  byId("record").hidden = !record.length;
  byId("record").tBodies[0].replaceChildren(...record.map(([name, value]) => row(name, value)));
  const effects = question.explanation ?? [];
  byId("moved").hidden = true;
  byId("effects").replaceChildren(...effects.slice(0, 8).map(effect));
  byId("reveal").hidden = false;
  byId("answer").hidden = true;
  byId("answer").textContent = "";
  byId("typed").textContent = classes.length > DIGITS.length ? "Type a number, then Enter." : "";
  byId("number").hidden = classes.length > 0;
  byId("number-text").value = "";
  if (!classes.length) byId("number-text").focus();
  const keys = keysOf(classes);
  const buttons = classes.map((name, index) => button(name, keys[index]));
  byId("classes").replaceChildren(...buttons);
}

function row(name, value) {
  const made = document.createElement("tr");
  const [head, cell] = [document.createElement("th"), document.createElement("td")];
  head.scope = "row";
  head.textContent = name;
  cell.textContent = value === null ? "missing" : String(value);
  made.append(head, cell);
  return made;
}

function effect(each) {
  const made = document.createElement("li");
  const [name, moved] = [document.createElement("span"), document.createElement("span")];
  const values = Object.values(each);
  name.textContent = each.feature ?? each.name ?? (span(each) || String(values[0]));
  const number = each.effect ?? values.findLast((value) => typeof value === "number");
  moved.textContent = typeof number === "number" ? `${number > 0 ? "+" : ""}${number.toPrecision(3)}` : "";
  made.append(name, moved);
  return made;
}

/** What part of a sound an effect is of: a stretch of time, or a band of frequencies; empty: of none. */
function span({ start, end, low, high }) {
  if (typeof start === "number") return `${start.toFixed(2)} to ${end.toFixed(2)} s`;
  return typeof low === "number" ? `${low} to ${high} Hz` : "";
}

function button(name, shown) {
  const [item, made, key] = [document.createElement("li"), document.createElement("button"), document.createElement("kbd")];
  key.textContent = shown;
  made.type = "button";
  made.append(key, name);
  made.addEventListener("click", () => answer("label", name));
  item.append(made);
  return item;
}

function showEstimate(history, fewest) {
  const last = history.at(-1);
  byId("estimate").hidden = !last;
  if (!last) return;
  const part = (number) => `${(100 * number).toFixed(1)} %`;
  const more = last.labels < fewest ? ` The interval can be relied on from ${fewest} labels on.` : "";
  byId("interval").textContent =
    last.labels === 0
      ? `${part(last.value)} are expected to be right, by the model's own probabilities. Labels will tell.`
      : `${part(last.value)}, between ${part(last.low)} and ${part(last.high)}, by ${last.labels} ${last.labels === 1 ? "label" : "labels"}; ` +
        `${part(history[0].value)} were expected without any.${more}`;
  byId("curve").classList.toggle("unseen", history.length < 2);
  draw(history);
}

function draw(history) {
  const most = Math.max(history.at(-1).labels, 1);
  const low = Math.min(...history.map((point) => point.low));
  const high = Math.max(...history.map((point) => point.high));
  const x = (point) => (560 * point.labels) / most;
  const y = (value) => 10 + (100 * (high - value)) / (high - low || 1);
  const at = (point, value) => `${x(point).toFixed(1)},${y(value).toFixed(1)}`;
  const band = [...history.map((point) => at(point, point.high)), ...history.map((point) => at(point, point.low)).reverse()];
  const made = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.textContent = text;
    return element;
  };
  byId("curve").replaceChildren(
    made("polygon", { points: band.join(" ") }),
    made("polyline", { points: history.map((point) => at(point, point.value)).join(" ") }),
    made("text", { x: 566, y: 16 }, high.toFixed(2)),
    made("text", { x: 566, y: 112 }, low.toFixed(2)),
  );
}

function answer(what, value = null) {
  if (state?.question) ask("answer", { id: state.question.id, what, value, seen });
}

function reveal() {
  if (!state?.question) return;
  seen = true;
  byId("reveal").hidden = true;
  byId("answer").hidden = false;
  byId("moved").hidden = !byId("effects").children.length;
  byId("answer").textContent = `The model says ${state.question.answer ?? "nothing"}.`;
}

function choose(key) {
  const { classes } = state;
  if (classes.length <= DIGITS.length) {
    const name = classes[keysOf(classes).indexOf(key)];
    if (name !== undefined) answer("label", name);
    return;
  }
  typed += key;
  const name = classes[Number(typed) - 1];
  byId("typed").textContent = name === undefined ? `${typed}: there is no such number` : `${typed}: ${name}, by Enter`;
  if (name === undefined) typed = "";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target instanceof HTMLInputElement) return;
  if (!state) return;
  if (DIGITS.includes(event.key)) choose(event.key);
  else if (event.key === "Enter" && typed) answer("label", state.classes[Number(typed) - 1]);
  else if (event.key === "x") answer("unusable");
  else if (event.key === "s") answer("skip");
  else if (event.key === "u") ask("undo");
  else if (event.key === "a") reveal();
  else return;
  event.preventDefault();
});
byId("unusable").addEventListener("click", () => answer("unusable"));
byId("skip").addEventListener("click", () => answer("skip"));
byId("undo").addEventListener("click", () => ask("undo"));
byId("undo-last").addEventListener("click", () => ask("undo"));
byId("reveal").addEventListener("click", reveal);
byId("number").addEventListener("submit", (event) => {
  event.preventDefault();
  answer("label", byId("number-text").value.replace(",", "."));
});
byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.key = byId("key-text").value;
  ask("next");
});
ask("next");
