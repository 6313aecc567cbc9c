// Pictures from a person: pasted, chosen, photographed. Each is handed over as (blob, name).

const RED = [214, 31, 31];
const ORDINARY = 1; // the largest heat of an ordinary picture
const at = (id) => document.getElementById(id);

/** Take pictures of these media types, and hand each to `take`; return what takes the first of several files. */
export function offerPictures(types, take) {
  const takeFirst = (files) => files?.length && take(files[0], files[0].name);
  for (const input of [at("file"), at("snapshot")]) {
    input.accept = types.join(",");
    input.addEventListener("change", () => {
      takeFirst(input.files);
      input.value = ""; // the same file may be chosen again
    });
  }
  at("frame").addEventListener("click", () => at("file").click());
  addEventListener("paste", (event) => takeFirst(event.clipboardData.files));
  at("photograph").addEventListener("click", () => photograph(take));
  return takeFirst;
}

/** Draw the picture on the canvas, upright; return whether the browser can read it. */
export async function showPicture(canvas, blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const scale = Math.min(1, 640 / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    canvas.classList.toggle("small", bitmap.width < 128);
    return true;
  } catch {
    return false;
  }
}

/** Draw over the square in the middle, which the model sees, how unusual each place is: the more, the redder. */
export function showHeat(canvas, heat) {
  const [rows, columns] = [heat.length, heat[0].length];
  const most = Math.max(2 * ORDINARY, ...heat.flat());
  const map = new ImageData(columns, rows);
  heat.flat().forEach((far, place) => map.data.set([...RED, (255 * far) / most], 4 * place));
  const small = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  small.getContext("2d").putImageData(map, 0, 0);
  const [side, drawn] = [Math.min(canvas.width, canvas.height), canvas.getContext("2d")];
  drawn.drawImage(small, (canvas.width - side) / 2, (canvas.height - side) / 2, side, side);
}

/** A phone has its own camera application; elsewhere the page looks through the camera itself, if it may. */
async function photograph(take) {
  const phone = matchMedia("(pointer: coarse)").matches;
  if (phone || !navigator.mediaDevices) return at("snapshot").click();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return at("snapshot").click();
  }
  const shot = waitForShot();
  at("camera").showModal();
  at("view").srcObject = stream;
  await at("view").play();
  if (await shot) take(await frame(at("view")), "photograph");
  stream.getTracks().forEach((track) => track.stop());
  at("camera").close();
}

function waitForShot() {
  return new Promise((resolve) => {
    at("shoot").onclick = () => resolve(true);
    at("leave").onclick = () => resolve(false);
    at("camera").oncancel = () => resolve(false);
  });
}

function frame(video) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}
