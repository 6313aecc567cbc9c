// A text -> the code points that the model takes, as `components/kinds/text/codec/characters.py` reads it.

const LOOKED_AT = 8; // characters of a text that are looked at for each that is read
const NOTHING = /[\ufe00-\ufe0f\u200b-\u200d\u{e0100}-\u{e01ef}]/gu; // how the character before is drawn
const GAP = /[\p{Z}\p{C}]/gu;
const ALONE =
  /[\p{P}\p{S}\u2e80-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu; // each is a word of its own

/** Return the code points of a row, `Int32Array` of `input.length`, zeros behind the text. */
export async function read(row, input) {
  if (typeof row.text !== "string") throw new Error("the text is missing");
  const words = normalized(row.text, input.length);
  if (!words) throw new Error("the text is empty: it has no letter, digit or sign");
  const codes = new Int32Array(input.length);
  codes.set(Array.from(` ${words} `, (character) => character.codePointAt(0)).slice(0, input.length));
  return codes;
}

function normalized(text, length) {
  const some = Array.from(text.slice(0, 2 * LOOKED_AT * length)).slice(0, LOOKED_AT * length).join("");
  const folded = some.normalize("NFKC").toLowerCase().normalize("NFKC");
  const spaced = folded.replace(NOTHING, "").replace(ALONE, " $& ").replace(GAP, " ");
  return spaced.split(" ").filter(Boolean).join(" ");
}
