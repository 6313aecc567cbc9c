// Huffman-coded JPEG data -> coefficients, sequential and progressive: ITU-T T.81, annexes F and G.

export const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
);

/** Return a table by which codes of up to 16 bits are read: of 16 bits, `length << 8 | value`; 0: no such code. */
export function huffmanTable(counts, values) {
  const table = new Uint16Array(65_536);
  let code = 0;
  let at = 0;
  for (let length = 1; length <= 16; length += 1) {
    for (let index = 0; index < counts[length - 1]; index += 1) {
      const first = code << (16 - length);
      table.fill((length << 8) | values[at], first, first + (1 << (16 - length)));
      code += 1;
      at += 1;
    }
    code <<= 1;
  }
  return table;
}

/** The bits of a scan, from `at` on; a marker ends them, behind it come zeros. */
class Bits {
  constructor(data, at) {
    Object.assign(this, { data, at, held: 0, count: 0, ended: 0 });
  }

  fill() {
    while (this.count <= 16) {
      let byte = 0;
      if (this.at < this.data.length) {
        byte = this.data[this.at];
        if (byte === 0xff && this.data[this.at + 1] !== 0) byte = -1;
        else this.at += byte === 0xff ? 2 : 1;
      } else byte = -1;
      if (byte < 0) {
        this.ended += 1;
        if (this.ended > 4096) throw new Error("the JPEG data is cut off");
        byte = 0;
      }
      this.held = (this.held << 8) | byte;
      this.count += 8;
    }
  }

  read(length) {
    if (length === 0) return 0;
    if (this.count < length) this.fill();
    this.count -= length;
    return (this.held >>> this.count) & ((1 << length) - 1);
  }

  code(table) {
    if (this.count < 16) this.fill();
    const found = table[(this.held >>> (this.count - 16)) & 0xffff];
    if (found === 0) throw new Error("the JPEG data has a code that its tables lack");
    this.count -= found >> 8;
    return found & 0xff;
  }

  signed(length) {
    const value = this.read(length);
    return length && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  restart() {
    this.held = 0;
    this.count = 0;
    this.ended = 0;
    while (this.at < this.data.length - 1) {
      const [byte, marker] = [this.data[this.at], this.data[this.at + 1]];
      if (byte === 0xff && marker >= 0xd0 && marker <= 0xd7) {
        this.at += 2;
        return;
      }
      if (byte === 0xff && marker !== 0 && marker !== 0xff) return;
      this.at += 1;
    }
  }
}

/** Read one scan into the coefficients of its components; return where its data end. */
export function readScan(data, at, frame, scan) {
  const bits = new Bits(data, at);
  const decode = decoder(frame.progressive, scan);
  const state = { run: 0 };
  const single = scan.parts.length === 1;
  const [only] = scan.parts;
  const wide = single ? only.component.blocksWide : frame.mcusWide;
  const total = wide * (single ? only.component.blocksTall : frame.mcusTall);
  for (const part of scan.parts) part.before = 0;
  for (let mcu = 0; mcu < total; mcu += 1) {
    if (frame.restart && mcu && mcu % frame.restart === 0) {
      bits.restart();
      state.run = 0;
      for (const part of scan.parts) part.before = 0;
    }
    const [row, column] = [Math.floor(mcu / wide), mcu % wide];
    if (single) {
      decode(bits, only, (row * only.component.stride + column) * 64, state);
      continue;
    }
    for (const part of scan.parts) {
      const { h, v, stride } = part.component;
      for (let y = 0; y < v; y += 1) {
        for (let x = 0; x < h; x += 1) decode(bits, part, ((row * v + y) * stride + column * h + x) * 64, state);
      }
    }
  }
  return bits.at;
}

function decoder(progressive, { from, to, high, low }) {
  if (!progressive) return sequential;
  if (from === 0) return high === 0 ? firstDc(low) : refinedDc(low);
  return high === 0 ? firstAc(from, to, low) : refinedAc(from, to, low);
}

function sequential(bits, part, at) {
  const { coefficients } = part.component;
  part.before += bits.signed(bits.code(part.dc));
  coefficients[at] = part.before;
  for (let k = 1; k < 64; k += 1) {
    const said = bits.code(part.ac);
    const [zeros, size] = [said >> 4, said & 15];
    if (size === 0) {
      if (zeros < 15) return;
      k += 15;
      continue;
    }
    k += zeros;
    coefficients[at + ZIGZAG[k & 63]] = bits.signed(size);
  }
}

const firstDc = (low) => (bits, part, at) => {
  part.before += bits.signed(bits.code(part.dc));
  part.component.coefficients[at] = part.before << low;
};

const refinedDc = (low) => (bits, part, at) => {
  if (bits.read(1)) part.component.coefficients[at] |= 1 << low;
};

const firstAc = (from, to, low) => (bits, part, at, state) => {
  if (state.run) {
    state.run -= 1;
    return;
  }
  for (let k = from; k <= to; k += 1) {
    const said = bits.code(part.ac);
    const [zeros, size] = [said >> 4, said & 15];
    if (size === 0) {
      if (zeros < 15) {
        state.run = (1 << zeros) + bits.read(zeros) - 1;
        return;
      }
      k += 15;
      continue;
    }
    k += zeros;
    part.component.coefficients[at + ZIGZAG[k & 63]] = bits.signed(size) << low;
  }
};

const refinedAc = (from, to, low) => (bits, part, at, state) => {
  const { coefficients } = part.component;
  const one = 1 << low;
  const refine = (place) => {
    if (bits.read(1) && (coefficients[place] & one) === 0) coefficients[place] += coefficients[place] > 0 ? one : -one;
  };
  let k = from;
  if (state.run === 0) {
    for (; k <= to; k += 1) {
      const said = bits.code(part.ac);
      let zeros = said >> 4;
      let value = 0;
      if ((said & 15) === 0) {
        if (zeros < 15) {
          state.run = (1 << zeros) + bits.read(zeros);
          break;
        }
      } else value = bits.read(1) ? one : -one;
      for (; k <= to; k += 1) {
        const place = at + ZIGZAG[k];
        if (coefficients[place]) refine(place);
        else {
          if (zeros === 0) {
            if (value) coefficients[place] = value;
            break;
          }
          zeros -= 1;
        }
      }
    }
  }
  if (state.run) {
    for (; k <= to; k += 1) {
      const place = at + ZIGZAG[k];
      if (coefficients[place]) refine(place);
    }
    state.run -= 1;
  }
};
