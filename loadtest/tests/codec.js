// Holds the MessagePack codec to known vectors, in the engine that runs it: k6 run loadtest/tests/codec.js

import { check } from 'k6';
import { decode, encode } from '../lib/msgpack.js';
import { fromUtf8ByHand, toUtf8ByHand } from '../lib/utf8.js';

export const options = {
  vus: 1,
  iterations: 1,
  thresholds: { checks: ['rate==1'], 'checks{kind:vector}': ['rate==1'] },
};

// Values beside the bytes that the specification gives them.
const VECTORS = [
  [null, 'c0'],
  [false, 'c2'],
  [true, 'c3'],
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65535, 'cdffff'],
  [65536, 'ce00010000'],
  [4294967295, 'ceffffffff'],
  [4294967296, 'cf0000000100000000'],
  [1767225600000, 'cf0000019b76daa800'],
  [9007199254740991, 'cf001fffffffffffff'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32768, 'd18000'],
  [-32769, 'd2ffff7fff'],
  [-2147483648, 'd280000000'],
  [-2147483649, 'd3ffffffff7fffffff'],
  [-9007199254740991, 'd3ffe0000000000001'],
  [1.5, 'cb3ff8000000000000'],
  [-0.25, 'cbbfd0000000000000'],
  ['', 'a0'],
  ['a', 'a161'],
  ['\u00e9\u20ac\u{1f600}', 'a9c3a9e282acf09f9880'],
  ['x'.repeat(31), `bf${'78'.repeat(31)}`],
  ['x'.repeat(32), `d920${'78'.repeat(32)}`],
  ['x'.repeat(256), `da0100${'78'.repeat(256)}`],
  ['x'.repeat(65536), `db00010000${'78'.repeat(65536)}`],
  [[], '90'],
  [[1, [2], 'a'], '93019102a161'],
  [Array(16).fill(0), `dc0010${'00'.repeat(16)}`],
  [{}, '80'],
  [{ type: 'ping', id: 7 }, '82a474797065a470696e67a2696407'],
  [
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [String.fromCharCode(97 + i), i])),
    `de0010${Array.from({ length: 16 }, (_, i) => `a1${hex(97 + i)}${hex(i)}`).join('')}`,
  ],
];

// Longer forms than needed, which others may send.
const READ_ONLY = [
  ['ca3fc00000', 1.5],
  ['d2ffffffff', -1],
  ['dd0000000101', [1]],
  ['df00000001a16101', { a: 1 }],
];

const BROKEN = ['', 'a2c3', '9301', 'cd01', '0000', 'c1', 'c40100', '81a161'];

const TEXTS = ['', 'plain', '\u0080\u07ff', '\u0800\uffff', '\ud800\udc00\udbff\udfff', '\u00e9\u20ac\u{1f600}'];
const LONG_TEXT = '\u{1f600}\u20ac'.repeat(3000);

export default function vectors() {
  for (const [value, bytes] of VECTORS) {
    check(
      value,
      {
        [`written as ${bytes.slice(0, 24)}`]: () => toHex(encode(value)) === bytes,
        [`read from ${bytes.slice(0, 24)}`]: () => JSON.stringify(decode(fromHex(bytes))) === JSON.stringify(value),
      },
      { kind: 'vector' },
    );
  }
  for (const [bytes, value] of READ_ONLY) {
    check(bytes, { [`long form ${bytes}`]: () => JSON.stringify(decode(fromHex(bytes))) === JSON.stringify(value) });
  }
  for (const bytes of BROKEN) {
    check(bytes, { [`refused: ${bytes || 'nothing'}`]: () => throws(() => decode(fromHex(bytes))) });
  }
  check(null, {
    'fields that are undefined are left out': () => toHex(encode({ a: undefined, b: 1 })) === '81a16201',
    'text of all lengths is written by hand': () =>
      TEXTS.every((text) => toHex(toUtf8ByHand(text)) === toHex(encode(text)).slice(2)),
    'text of all lengths is read by hand': () => TEXTS.every((text) => fromUtf8ByHand(toUtf8ByHand(text)) === text),
    'long text is read by hand': () => fromUtf8ByHand(toUtf8ByHand(LONG_TEXT)) === LONG_TEXT,
    'a lone surrogate becomes U+FFFD': () => toHex(encode('\ud800')) === 'a3efbfbd',
  });
}

function throws(work) {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

function hex(byte) {
  return byte.toString(16).padStart(2, '0');
}

function toHex(buffer) {
  return Array.from(new Uint8Array(buffer), hex).join('');
}

function fromHex(text) {
  return new Uint8Array((text.match(/../g) || []).map((byte) => parseInt(byte, 16))).buffer;
}
