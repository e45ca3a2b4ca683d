// UTF-8 by the engine's own coders where k6 has them, which are many times faster, else by hand.

const ENCODER = typeof TextEncoder === 'function' ? new TextEncoder() : null;
const DECODER = typeof TextDecoder === 'function' ? new TextDecoder() : null;

/** A text's bytes. */
export function toUtf8(text) {
  return ENCODER ? ENCODER.encode(text) : toUtf8ByHand(text);
}

/** The text of these bytes. */
export function fromUtf8(bytes) {
  return DECODER ? DECODER.decode(bytes) : fromUtf8ByHand(bytes);
}

const REPLACEMENT = 0xfffd;

/** Lone surrogates become U+FFFD. */
export function toUtf8ByHand(text) {
  const bytes = [];
  for (let i = 0; i < text.length; i += 1) {
    const point = text.codePointAt(i);
    if (point > 0xffff) i += 1;
    pushPoint(bytes, point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point);
  }
  return Uint8Array.from(bytes);
}

function pushPoint(bytes, point) {
  if (point < 0x80) {
    bytes.push(point);
  } else if (point < 0x800) {
    bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  } else {
    bytes.push(
      0xf0 | (point >> 18),
      0x80 | ((point >> 12) & 0x3f),
      0x80 | ((point >> 6) & 0x3f),
      0x80 | (point & 0x3f),
    );
  }
}

// What String.fromCharCode takes at once; single characters added to a long text copy it each time.
const CHUNK = 2048;

/** Reads valid UTF-8, and the hub sends no other. */
export function fromUtf8ByHand(bytes) {
  let text = '';
  let units = [];
  let at = 0;
  while (at < bytes.length) {
    at = readPoint(bytes, at, units);
    if (units.length >= CHUNK) {
      text += String.fromCharCode.apply(null, units);
      units = [];
    }
  }
  return text + String.fromCharCode.apply(null, units);
}

/** Adds one code point as UTF-16 units; returns the place behind it. */
function readPoint(bytes, at, units) {
  const first = bytes[at];
  if (first < 0x80) {
    units.push(first);
    return at + 1;
  }
  if (first < 0xe0) {
    units.push(((first & 0x1f) << 6) | (bytes[at + 1] & 0x3f));
    return at + 2;
  }
  const middle = ((bytes[at + 1] & 0x3f) << 6) | (bytes[at + 2] & 0x3f);
  if (first < 0xf0) {
    units.push(((first & 0x0f) << 12) | middle);
    return at + 3;
  }
  const above = (((first & 0x07) << 18) | (middle << 6) | (bytes[at + 3] & 0x3f)) - 0x10000;
  units.push(0xd800 | (above >> 10), 0xdc00 | (above & 0x3ff));
  return at + 4;
}
