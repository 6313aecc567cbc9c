// The camera, live: each frame is answered when the one before is, and the answer stands over the picture.

import { value } from "./page/words.js";

const at = (id) => document.getElementById(id);
const SECOND = 1_000;

/** Have the button begin and end; `ask` answers a frame, `said` puts an answer in words. */
export function offerCamera(ask, said) {
  at("watch").hidden = !navigator.mediaDevices;
  let stream = null;
  at("watch").addEventListener("click", async () => {
    if (stream) {
      stream.getTracks().forEach((track) => track.stop());
      stream = null;
    } else {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        at("live").textContent = "The camera cannot be used: allow it for this page.";
      }
    }
    at("stage").hidden = !stream;
    at("frame").hidden = Boolean(stream);
    at("watch").textContent = stream ? "Stop the camera" : "Camera";
    at("watch").setAttribute("aria-pressed", String(Boolean(stream)));
    if (stream) await watch(() => stream, ask, said);
  });
}

async function watch(current, ask, said) {
  const [view, mine] = [at("view"), current()];
  view.srcObject = mine;
  await view.play();
  const times = [];
  while (current() === mine) {
    const { answer, milliseconds } = await ask(await createImageBitmap(view));
    const now = performance.now();
    times.push(now);
    while (times[0] < now - SECOND) times.shift();
    at("live").textContent = said(answer);
    at("pace").textContent = `${value(milliseconds)} ms, ${times.length} frames a second`;
    at("stage").dataset.frames = String(Number(at("stage").dataset.frames ?? 0) + 1);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}
