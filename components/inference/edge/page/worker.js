// The model at work in the browser, beside the page: nothing is answered before its files and its golden rows are what they should be.

import { answer } from "./answers.js";
import * as codec from "./codec/codec.js";
import { arrayOf, checkOutputs, checkRequests, bytesOf } from "./golden.js";
import * as ort from "./runtime/ort.wasm.bundle.min.mjs";
import { marked } from "./unfamiliar.js";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL("./runtime/ort-wasm-simd-threaded.wasm", import.meta.url).href };

let edge = null;
let about = null;
let session = null;
let kind = "uint8";
let shape = [];

addEventListener("message", async ({ data: { id, call, content } }) => {
  try {
    postMessage({ id, found: await CALLS[call](content) });
  } catch (error) {
    postMessage({ id, problem: error.message });
  }
});

/** Open what `edge.json` names; return it with how long that took, in milliseconds. */
async function open() {
  const began = performance.now();
  edge = await (await fetch("edge.json", { cache: "no-cache" })).json();
  const hashed = await bytesOf("bundle/bundle.json", edge.bundle);
  about = JSON.parse(new TextDecoder().decode(hashed));
  const files = about.files ?? {};
  const [model, kept] = await Promise.all([
    bytesOf("bundle/model.onnx", about.model_sha256),
    bytesOf("bundle/golden.json", files["golden.json"]),
  ]);
  const golden = JSON.parse(new TextDecoder().decode(kept));
  session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  kind = golden.inputs.type;
  shape = golden.inputs.shape.slice(1);
  await checkOutputs(golden, run);
  await checkRequests(golden, read, codec.takes);
  const told = { classes: about.classes, workload: about.workload, notRead: codec.NOT_READ ?? [] };
  return { edge, about: told, milliseconds: performance.now() - began };
}

const read = (row) => codec.read(row, about.input, about.serve, about.classes);

/** Return the outputs of `count` examples, by name. */
async function run(values, count, names) {
  const inputs = new ort.Tensor(kind, values, [count, ...shape]);
  const found = await session.run({ [session.inputNames[0]]: inputs }, names);
  return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tensor.data]));
}

async function ask(row) {
  const began = performance.now();
  const outputs = await run(await read(row), 1, wanted());
  const told = answer(outputs[edge.output], about.classes, about.decision);
  const found = marked({ ...told, model_version: edge.version }, outputs.unfamiliar, about);
  return { answer: found, milliseconds: performance.now() - began };
}

const wanted = () => [edge.output, "unfamiliar"].filter((name) => session.outputNames.includes(name));

const CALLS = {
  open,
  record: ask,
  file: (bytes) => ask({ [edge.form.upload.field]: new Uint8Array(bytes) }),
  frame: (bitmap) => ask({ [edge.form.upload.field]: pixelsOf(bitmap) }),
  examples: async ({ inputs, count }) => (await run(arrayOf(kind, inputs), count, [edge.output]))[edge.output],
};

function pixelsOf(bitmap) {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { width, height } = context.canvas;
  return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
}
