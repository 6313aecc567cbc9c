// Cropped about its centre and resampled as Pillow does it (`ImageOps.fit`, bilinear, with its support widened when it makes smaller), to the
// bit: coefficients in doubles, then whole numbers of 22 bits.

const BITS = 22;

/** Return the picture `{width, height, channels, data}` cropped and resampled to `width` and `height`. */
export function fitted(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const box = boxOf(picture, width / height);
  if (picture.channels !== 4) return resampled(picture, width, height, box);
  return divided(resampled(multiplied(picture), width, height, box));
}

function boxOf({ width, height }, ratio) {
  let [wide, tall] = [width, height];
  if (width / height > ratio) wide = ratio * height;
  else if (width / height < ratio) tall = width / ratio;
  const [left, top] = [(width - wide) * 0.5, (height - tall) * 0.5];
  return [left, top, left + wide, top + tall].map(Math.fround);
}

/** Like Pillow 13: first across, unless the height loses more than twice as many pixels as the width; it shows in the last bit. */
function resampled({ width, height, channels, data }, wide, tall, [left, top, right, bottom]) {
  const needsAcross = wide !== width || left !== 0 || right !== wide;
  const needsDown = tall !== height || top !== 0 || bottom !== tall;
  const across = coefficients(width, left, right, wide);
  const down = coefficients(height, top, bottom, tall);
  let made = data;
  if (height - tall > 0 && height - tall > 2 * (width - wide)) {
    if (needsDown) made = vertical(made, width * channels, down, tall, 0);
    if (needsAcross) made = horizontal(made, width, channels, across, wide, 0, tall);
  } else {
    const last = down.starts[tall - 1] + down.counts[tall - 1];
    if (needsAcross) made = horizontal(made, width, channels, across, wide, down.starts[0], last);
    if (needsDown) made = vertical(made, wide * channels, down, tall, needsAcross ? down.starts[0] : 0);
  }
  return { width: wide, height: tall, channels, data: made };
}

function coefficients(size, from, to, count) {
  const scale = Math.fround(to - from) / count;
  const wider = Math.max(scale, 1);
  const most = 2 * Math.ceil(wider) + 1;
  const found = { starts: new Int32Array(count), counts: new Int32Array(count), most, factors: new Int32Array(count * most) };
  const weights = new Float64Array(most);
  for (let index = 0; index < count; index += 1) {
    const centre = from + (index + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - wider + 0.5));
    const length = Math.min(size, Math.trunc(centre + wider + 0.5)) - start;
    let sum = 0;
    for (let place = 0; place < length; place += 1) {
      weights[place] = Math.max(0, 1 - Math.abs((place + start - centre + 0.5) * (1 / wider)));
      sum += weights[place];
    }
    for (let place = 0; place < length; place += 1) {
      const weight = sum === 0 ? weights[place] : weights[place] / sum;
      found.factors[index * most + place] = Math.trunc(0.5 + weight * (1 << BITS));
    }
    found.starts[index] = start;
    found.counts[index] = length;
  }
  return found;
}

const clipped = (sum) => (sum < 0 ? 0 : sum >> BITS > 255 ? 255 : sum >> BITS);
const HALF = 1 << (BITS - 1);

function horizontal(data, width, channels, { starts, counts, most, factors }, wide, first, last) {
  const made = new Uint8Array(wide * channels * (last - first));
  let to = 0;
  for (let y = first; y < last; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const from = (y * width + starts[x]) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = HALF;
        let at = from + channel;
        for (let place = x * most; place < x * most + counts[x]; place += 1) {
          sum += data[at] * factors[place];
          at += channels;
        }
        made[to++] = clipped(sum);
      }
    }
  }
  return made;
}

function vertical(rows, length, { starts, counts, most, factors }, tall, first) {
  const made = new Uint8Array(length * tall);
  let to = 0;
  for (let y = 0; y < tall; y += 1) {
    const from = (starts[y] - first) * length;
    for (let x = 0; x < length; x += 1) {
      let sum = HALF;
      let at = from + x;
      for (let place = y * most; place < y * most + counts[y]; place += 1) {
        sum += rows[at] * factors[place];
        at += length;
      }
      made[to++] = clipped(sum);
    }
  }
  return made;
}

/** Colours times transparency, so that what cannot be seen does not count; rounded as Pillow's RGBa. */
function multiplied({ width, height, data }) {
  const made = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 4) {
    for (let channel = 0; channel < 3; channel += 1) made[at + channel] = by255(data[at + channel] * data[at + 3]);
    made[at + 3] = data[at + 3];
  }
  return { width, height, channels: 4, data: made };
}

function divided(picture) {
  const { data } = picture;
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = 0; channel < 3; channel += 1) {
      data[at + channel] = Math.min(255, Math.floor((255 * data[at + channel]) / alpha));
    }
  }
  return picture;
}

/** Return a product of two bytes, divided by 255, rounded. */
export function by255(product) {
  const more = product + 128;
  return ((more >> 8) + more) >> 8;
}
