// Colours of half the size -> those of all pixels: by triangles, rounded as libjpeg-turbo does ("fancy upsampling").

/** Return the plane enlarged by `across` and `down`; `fancy`: smoothly, where there is a way. */
export function enlarged(plane, across, down, fancy) {
  if (across === 1 && down === 1) return plane;
  if (fancy && across === 2 && plane.width > 2 && down === 1) return wider(plane);
  if (fancy && across === 2 && plane.width > 2 && down === 2) return larger(plane);
  if (fancy && across === 1 && down === 2) return taller(plane);
  return repeated(plane, across, down);
}

function empty(width, height) {
  return { width, height, data: new Uint8Array(width * height) };
}

function wider({ width, height, data }) {
  const made = empty(2 * width, height);
  for (let y = 0; y < height; y += 1) {
    const [from, to] = [y * width, 2 * y * width];
    for (let x = 0; x < width; x += 1) {
      const here = 3 * data[from + x];
      made.data[to + 2 * x] = x ? (here + data[from + x - 1] + 1) >> 2 : data[from];
      made.data[to + 2 * x + 1] = x < width - 1 ? (here + data[from + x + 1] + 2) >> 2 : data[from + x];
    }
  }
  return made;
}

/** Call `fill(near, far, y)` for each row of twice as many: the row that it lies in, and the next one on its side. */
function eachRow(height, fill) {
  for (let y = 0; y < 2 * height; y += 1) {
    const near = y >> 1;
    fill(near, y & 1 ? Math.min(near + 1, height - 1) : Math.max(near - 1, 0), y);
  }
}

function taller({ width, height, data }) {
  const made = empty(width, 2 * height);
  eachRow(height, (near, far, y) => {
    for (let x = 0; x < width; x += 1) {
      made.data[y * width + x] = (3 * data[near * width + x] + data[far * width + x] + 1 + (y & 1)) >> 2;
    }
  });
  return made;
}

function larger({ width, height, data }) {
  const made = empty(2 * width, 2 * height);
  eachRow(height, (near, far, y) => {
    const sum = (x) => 3 * data[near * width + x] + data[far * width + x];
    const to = 2 * y * width;
    let before = sum(0);
    let here = before;
    for (let x = 0; x < width; x += 1) {
      const next = x < width - 1 ? sum(x + 1) : here;
      made.data[to + 2 * x] = (3 * here + before + 8) >> 4;
      made.data[to + 2 * x + 1] = (3 * here + next + 7) >> 4;
      before = here;
      here = next;
    }
  });
  return made;
}

function repeated({ width, height, data }, across, down) {
  const made = empty(width * across, height * down);
  for (let y = 0; y < made.height; y += 1) {
    const from = Math.floor(y / down) * width;
    for (let x = 0; x < made.width; x += 1) made.data[y * made.width + x] = data[from + Math.floor(x / across)];
  }
  return made;
}
