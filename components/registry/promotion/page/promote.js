// One button: what it asks for is done once, and said. While it is done nothing else can be asked for.

const said = document.getElementById("said");
const problem = document.getElementById("problem");
const fields = () => document.querySelectorAll("form input, form button");

async function decide(form) {
  const { version, champion, token } = form.dataset;
  const reason = form.elements.reason.value;
  for (const field of fields()) field.disabled = true;
  problem.textContent = "";
  said.textContent = `Version ${version} is being put to work: it is packaged and published, which takes a while.`;
  let done = false;
  try {
    const headers = { "content-type": "application/json" };
    const reply = await fetch("/promote", { method: "POST", headers, body: JSON.stringify({ version, champion, reason, token }) });
    const found = await reply.json();
    done = reply.ok;
    said.textContent = done ? found.said : "";
    problem.textContent = done ? "" : found.error;
  } catch {
    said.textContent = "";
    problem.textContent = "The server does not answer; `python -m flows.history` says whether it was done.";
  }
  if (!done) for (const field of fields()) field.disabled = false;
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  decide(event.target);
});
