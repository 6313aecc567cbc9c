// Sounds from a person: pasted, chosen, recorded. Each is handed over as (blob, name), and drawn as a spectrum.

const RATE = 16_000; // Hz, at which sounds are drawn
const RECORDED = 48_000; // Hz, of what is recorded here
const LONGEST = 30_000; // ms of a recording
const SIZE = 512; // samples of a window
const COLUMNS = 320;
const RANGE = 70; // decibels from the loudest to black
const MORE = "109 191 169"; // colours of what speaks for an answer, and against it
const LESS = "217 154 108";
const SEEN = 0.1; // of the strongest effect: what is less is not marked
const at = (id) => document.getElementById(id);

/** What the page does with sounds. */
export const SOUNDS = { offer: offerSounds, show: showSound, mark: markEffects };

let shown = null; // samples of what is asked about; null: the browser cannot read it

/** Take sounds of these media types, and hand each to `take`; return what takes the first of several files. */
function offerSounds(types, take) {
  at("invitation").replaceChildren("Drop a recording here,", document.createElement("br"), "or record one");
  at("choose").textContent = "Choose a recording";
  at("photograph").textContent = "Record";
  at("photograph").hidden = !navigator.mediaDevices || !window.MediaRecorder; // a page without https may not listen
  at("photograph").addEventListener("click", () => record(take));
  const takeFirst = (files) => files?.length && take(files[0], files[0].name);
  at("file").accept = types.join(",");
  at("file").addEventListener("change", () => {
    takeFirst(at("file").files);
    at("file").value = ""; // the same file may be chosen again
  });
  at("frame").addEventListener("click", () => at("file").click());
  addEventListener("paste", (event) => takeFirst(event.clipboardData.files));
  return takeFirst;
}

/** Draw the spectrum on the canvas, low below, time to the right; return whether the browser can read the sound. */
async function showSound(canvas, blob) {
  const asked = canvas.id === "picture";
  if (asked) shown = null;
  try {
    const samples = await decoded(blob, RATE);
    if (asked) shown = samples;
    const hop = Math.max(RATE / 100, samples.length / COLUMNS);
    const columns = Math.max(1, Math.floor(samples.length / hop));
    const spectra = Array.from({ length: columns }, (_, column) => spectrum(samples, Math.round(column * hop)));
    draw(canvas, spectra);
    if (asked) hear(blob);
    return true;
  } catch {
    return false;
  }
}

/** Mark stretches of time and bands of frequencies on the spectrum; return the effects by the recording's own time. */
function markEffects(canvas, effects) {
  if (!shown) return effects;
  const before = heardFrom(Math.max(...effects.map(({ end }) => end ?? 0)));
  const whole = shown.length / RATE;
  const within = (time) => Math.min(whole, Math.max(0, time + before));
  const placed = effects.map((one) => (one.start === null ? one : { ...one, start: within(one.start), end: within(one.end) }));
  const there = placed.filter(({ start, end }) => start === null || end > start);
  const strongest = Math.max(...there.map(({ effect }) => Math.abs(effect)));
  const context = canvas.getContext("2d");
  const [across, up] = [canvas.width / whole, canvas.height / (RATE / 2)];
  for (const { start, end, low, high, effect } of there) {
    const part = Math.abs(effect) / strongest;
    if (!(part >= SEEN)) continue;
    context.fillStyle = `rgb(${effect < 0 ? LESS : MORE} / ${part / 2})`;
    if (start === null) context.fillRect(0, canvas.height - high * up, canvas.width, (high - low) * up);
    else context.fillRect(start * across, 0, (end - start) * across, canvas.height);
  }
  canvas.dataset.marked = String(there.filter(({ effect }) => Math.abs(effect) >= SEEN * strongest).length);
  return there;
}

/** Return from which second of the recording on the model hears so many: from its loudest part, or from silence before it. */
function heardFrom(seconds) {
  const length = Math.round(seconds * RATE);
  if (shown.length <= length) return (shown.length - length) / 2 / RATE;
  let [energy, most, start] = [0, 0, 0];
  for (let index = 0; index < shown.length; index += 1) {
    energy += shown[index] ** 2 - (shown[index - length] ?? 0) ** 2;
    if (index < length || energy > most) [most, start] = [energy, Math.max(0, index - length + 1)];
  }
  return start / RATE;
}

function hear(blob) {
  URL.revokeObjectURL(at("sound").src);
  at("sound").src = URL.createObjectURL(blob);
  at("sound").hidden = false;
}

/** Record until the button is pressed again, and hand over what was heard as a WAV file. */
async function record(take) {
  const button = at("photograph");
  if (button.recorder) return button.recorder.stop();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    at("upload-hint").textContent = "The browser gives this page no microphone.";
    return;
  }
  const parts = [];
  button.recorder = new MediaRecorder(stream);
  button.recorder.ondataavailable = ({ data }) => parts.push(data);
  const timer = setTimeout(() => button.recorder.stop(), LONGEST);
  button.recorder.onstop = async () => {
    clearTimeout(timer);
    stream.getTracks().forEach((track) => track.stop());
    button.textContent = "Record";
    button.recorder = null;
    take(wave(await decoded(new Blob(parts), RECORDED), RECORDED), "recording");
  };
  button.recorder.start();
  button.textContent = "Stop";
}

/** Return the sound's samples at a rate, the mean of its channels. */
async function decoded(blob, rate) {
  const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await blob.arrayBuffer());
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) => buffer.getChannelData(index));
  return channels[0].map((_, index) => channels.reduce((sum, one) => sum + one[index], 0) / channels.length);
}

/** Return a WAV file of 16 bits. */
function wave(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (offset, said) => [...said].forEach((letter, index) => view.setUint8(offset + index, letter.charCodeAt()));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  [[16, 16], [24, rate], [28, 2 * rate]].forEach(([offset, value]) => view.setUint32(offset, value, true));
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([offset, value]) => view.setUint16(offset, value, true));
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, index) => {
    view.setInt16(44 + 2 * index, Math.max(-32768, Math.min(32767, Math.round(32768 * sample))), true);
  });
  return new Blob([view], { type: "audio/wav" });
}

/** Return the decibels of each frequency of one window. */
function spectrum(samples, start) {
  const real = Float64Array.from({ length: SIZE }, (_, index) => {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / SIZE);
    return hann * (samples[start + index - SIZE / 2] ?? 0);
  });
  const imaginary = new Float64Array(SIZE);
  transform(real, imaginary);
  return Array.from({ length: SIZE / 2 }, (_, index) => 10 * Math.log10(real[index] ** 2 + imaginary[index] ** 2 + 1e-9));
}

/** The Fourier transform in place, of a power of two of numbers (Cooley and Tukey 1965). */
function transform(real, imaginary) {
  const size = real.length;
  if (size === 1) return;
  const halves = [0, 1].map((odd) => [real, imaginary].map((part) => part.filter((_, index) => index % 2 === odd)));
  halves.forEach((half) => transform(...half));
  const [[evenReal, evenImaginary], [oddReal, oddImaginary]] = halves;
  for (let index = 0; index < size / 2; index++) {
    const [cosine, sine] = [Math.cos((-2 * Math.PI * index) / size), Math.sin((-2 * Math.PI * index) / size)];
    const turnedReal = cosine * oddReal[index] - sine * oddImaginary[index];
    const turnedImaginary = sine * oddReal[index] + cosine * oddImaginary[index];
    [real[index], imaginary[index]] = [evenReal[index] + turnedReal, evenImaginary[index] + turnedImaginary];
    const other = index + size / 2;
    [real[other], imaginary[other]] = [evenReal[index] - turnedReal, evenImaginary[index] - turnedImaginary];
  }
}

/** Draw decibels as colours from black over red to pale yellow. */
function draw(canvas, spectra) {
  const loudest = Math.max(...spectra.map((one) => Math.max(...one)));
  const image = new ImageData(spectra.length, SIZE / 2);
  spectra.forEach((one, column) => one.forEach((decibels, row) => {
    const part = Math.max(0, 1 + (decibels - loudest) / RANGE);
    const colour = [340 * part, 380 * part - 150, 420 * part - 260, 255];
    image.data.set(colour, 4 * ((SIZE / 2 - 1 - row) * spectra.length + column));
  }));
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.classList.add("spectrum");
}
