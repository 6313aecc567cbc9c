// Run examples through the model of an edge folder by the very runtime that the page has: node examine.mjs FOLDER ASKED INPUTS OUTPUTS.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ALONE = 200; // examples that are run one by one, as the page does: how long one takes
const BATCH = 100;
const ARRAYS = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array, float32: Float32Array };

const [folder, asked, inputs, outputs] = process.argv.slice(2);
const { type, shape, output } = JSON.parse(readFileSync(asked));
const ort = await import(pathToFileURL(`${folder}/runtime/ort.wasm.bundle.min.mjs`));
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(`${folder}/runtime/ort-wasm-simd-threaded.wasm`);

let began = performance.now();
const session = await ort.InferenceSession.create(readFileSync(`${folder}/bundle/model.onnx`), { executionProviders: ["wasm"] });
const opened = performance.now() - began;

const content = readFileSync(inputs);
const values = new ARRAYS[type](content.buffer, content.byteOffset, content.byteLength / ARRAYS[type].BYTES_PER_ELEMENT);
const [count, ...one] = shape;
const each = values.length / count;
const found = [];
const times = [];
for (let at = 0; at < count; ) {
  const size = Math.min(at < ALONE ? 1 : BATCH, count - at);
  const tensor = new ort.Tensor(type, values.slice(at * each, (at + size) * each), [size, ...one]);
  began = performance.now();
  const said = await session.run({ [session.inputNames[0]]: tensor }, [output]);
  if (size === 1) times.push(performance.now() - began);
  found.push(Buffer.from(Float32Array.from(said[output].data).buffer));
  at += size;
}
writeFileSync(outputs, Buffer.concat(found));
times.sort((a, b) => a - b);
console.log(JSON.stringify({ opened, milliseconds: times[times.length >> 1] }));
