import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as reference from '@msgpack/msgpack';
import { decode, encode } from '../../msgpack.js';

const NUMBERS = [
  0,
  1,
  127,
  128,
  255,
  256,
  65535,
  65536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40 + 3,
  Number.MAX_SAFE_INTEGER,
  -1,
  -32,
  -33,
  -128,
  -129,
  -32768,
  -32769,
  -(2 ** 31),
  -(2 ** 31) - 1,
  -(2 ** 40) - 3,
  Number.MIN_SAFE_INTEGER,
  0.5,
  -0.1,
  1e300,
  Infinity,
  -Infinity,
];
const TEXTS = [
  '',
  'a',
  'x'.repeat(31),
  'x'.repeat(32),
  'é'.repeat(200),
  '漢'.repeat(30_000),
  '\uFEFFafter a byte order mark',
  '😀',
  '\u0000',
];
const VALUES = [
  null,
  true,
  false,
  ...NUMBERS,
  ...TEXTS,
  [],
  [1, [2, [3]]],
  Array.from({ length: 16 }, (_, index) => index),
  Array.from({ length: 70_000 }, () => 1),
  {},
  { a: 1, nested: { b: [null] } },
  Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index])),
  new Uint8Array(0),
  new Uint8Array(255).fill(7),
  new Uint8Array(256).fill(8),
  new Uint8Array(70_000).fill(9),
];

test('what it writes, another implementation reads as the same', () => {
  for (const value of VALUES) assert.deepEqual(reference.decode(encode(value)), value);
});

test('what another implementation writes, it reads as the same', () => {
  for (const value of VALUES) assert.deepEqual(decode(reference.encode(value)), value);
});

test('integers take the shortest form, as the format asks', () => {
  for (const value of NUMBERS.filter(Number.isSafeInteger)) {
    assert.equal(encode(value).length, reference.encode(value).length, String(value));
  }
});

test('64-bit integers are numbers, also when another writes them longer than needed', () => {
  assert.equal(decode(Uint8Array.of(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)), 5);
  assert.equal(decode(Uint8Array.of(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfb)), -5);
  assert.equal(decode(Uint8Array.of(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)), 2 ** 64);
});

test('members that are undefined are left out', () => {
  assert.deepEqual(decode(encode({ a: undefined, b: 1 })), { b: 1 });
});

test('a key named __proto__ is a member and nothing more', () => {
  const bytes = reference.encode(JSON.parse('{"__proto__": {"admin": true}}'));
  const value = decode(bytes);
  assert.equal(value.admin, undefined);
  assert.deepEqual(Object.keys(value), ['__proto__']);
});

test('32-bit floats and extensions are read', () => {
  assert.equal(decode(Uint8Array.of(0xca, 0x3f, 0xc0, 0, 0)), 1.5);
  assert.deepEqual(decode(Uint8Array.of(0xd4, 0xff, 9)), { ext: -1, bytes: Uint8Array.of(9) });
});

test('bytes that end early are refused wherever they end', () => {
  const whole = encode({ type: 'message', text: 'hello', list: [1, 70_000, 2 ** 40, 1.5], bytes: new Uint8Array(300) });
  for (let end = 0; end < whole.length; end += 1) assert.throws(() => decode(whole.subarray(0, end)), RangeError);
});

test('bytes after the value, invalid UTF-8, the unused byte and endless nesting are refused', () => {
  assert.throws(() => decode(Uint8Array.of(1, 2)), RangeError);
  assert.throws(() => decode(Uint8Array.of(0xa1, 0xff)), TypeError);
  assert.throws(() => decode(Uint8Array.of(0xc1)), TypeError);
  assert.throws(() => decode(new Uint8Array(100_000).fill(0x91)), RangeError);
  assert.throws(() => encode(() => {}), TypeError);
});

test('a length that promises more than there is costs nothing', () => {
  assert.throws(() => decode(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)), RangeError);
  assert.throws(() => decode(Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff)), RangeError);
});
