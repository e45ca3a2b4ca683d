// MessagePack as the hub speaks it: nil, booleans, numbers, strings, lists, maps with string keys.

import { fromUtf8, toUtf8 } from './utf8.js';

const WORD = 0x100000000;

/** A value as an ArrayBuffer of its shortest form. */
export function encode(value) {
  const writer = { bytes: new Uint8Array(256), at: 0 };
  write(writer, value);
  return writer.bytes.buffer.slice(0, writer.at);
}

/** The value in an ArrayBuffer; throws on what is cut off, left over, or of another type. */
export function decode(buffer) {
  const reader = { view: new DataView(buffer), bytes: new Uint8Array(buffer), at: 0 };
  const value = read(reader);
  if (reader.at !== buffer.byteLength) {
    throw new Error(`${buffer.byteLength - reader.at} bytes behind the value`);
  }
  return value;
}

function write(writer, value) {
  if (value === null || value === undefined) writeByte(writer, 0xc0);
  else if (typeof value === 'boolean') writeByte(writer, value ? 0xc3 : 0xc2);
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'string') writeString(writer, value);
  else if (Array.isArray(value)) writeList(writer, value);
  else writeMap(writer, value);
}

/** Makes room for so many bytes more; returns where they begin. */
function grow(writer, length) {
  const from = writer.at;
  writer.at += length;
  if (writer.at > writer.bytes.length) {
    const larger = new Uint8Array(Math.max(writer.at, 2 * writer.bytes.length));
    larger.set(writer.bytes);
    writer.bytes = larger;
  }
  return from;
}

function writeByte(writer, byte) {
  writer.bytes[grow(writer, 1)] = byte;
}

/** A type byte, and a number behind it in so many bytes. */
function writeSized(writer, type, value, width) {
  const at = grow(writer, 1 + width);
  writer.bytes[at] = type;
  let rest = value;
  for (let i = width; i > 0; i -= 1) {
    writer.bytes[at + i] = rest & 0xff;
    rest = Math.floor(rest / 0x100);
  }
}

function writeString(writer, text) {
  const bytes = toUtf8(text);
  if (bytes.length < 32) writeByte(writer, 0xa0 | bytes.length);
  else if (bytes.length < 0x100) writeSized(writer, 0xd9, bytes.length, 1);
  else if (bytes.length < 0x10000) writeSized(writer, 0xda, bytes.length, 2);
  else writeSized(writer, 0xdb, bytes.length, 4);
  const at = grow(writer, bytes.length);
  writer.bytes.set(bytes, at);
}

function writeList(writer, list) {
  writeHead(writer, 0x90, 0xdc, list.length);
  list.forEach((each) => write(writer, each));
}

/** Fields that are undefined are left out, as in JSON. */
function writeMap(writer, map) {
  const keys = Object.keys(map).filter((key) => map[key] !== undefined);
  writeHead(writer, 0x80, 0xde, keys.length);
  for (const key of keys) {
    writeString(writer, key);
    write(writer, map[key]);
  }
}

/** The head of a list or a map: short, or with a type byte for 16 bits and the next one for 32. */
function writeHead(writer, short, type, length) {
  if (length < 16) writeByte(writer, short | length);
  else if (length < 0x10000) writeSized(writer, type, length, 2);
  else writeSized(writer, type + 1, length, 4);
}

function writeNumber(writer, value) {
  if (!Number.isSafeInteger(value)) writeFloat(writer, value);
  else if (value >= 0) writePositive(writer, value);
  else writeNegative(writer, value);
}

function writeFloat(writer, value) {
  const at = grow(writer, 9);
  writer.bytes[at] = 0xcb;
  new DataView(writer.bytes.buffer).setFloat64(at + 1, value);
}

function writePositive(writer, value) {
  if (value < 0x80) writeByte(writer, value);
  else if (value < 0x100) writeSized(writer, 0xcc, value, 1);
  else if (value < 0x10000) writeSized(writer, 0xcd, value, 2);
  else if (value < WORD) writeSized(writer, 0xce, value, 4);
  else writeSized(writer, 0xcf, value, 8);
}

// In two's complement, which dividing with Math.floor and taking the low byte comes to.
function writeNegative(writer, value) {
  if (value >= -32) writeByte(writer, value & 0xff);
  else if (value >= -0x80) writeSized(writer, 0xd0, value, 1);
  else if (value >= -0x8000) writeSized(writer, 0xd1, value, 2);
  else if (value >= -0x80000000) writeSized(writer, 0xd2, value, 4);
  else writeSized(writer, 0xd3, value, 8);
}

function read(reader) {
  const type = reader.bytes[need(reader, 1)];
  if (type < 0x80) return type;
  if (type < 0x90) return readMap(reader, type & 0x0f);
  if (type < 0xa0) return readList(reader, type & 0x0f);
  if (type < 0xc0) return readString(reader, type & 0x1f);
  if (type >= 0xe0) return type - 0x100;
  const readRest = BY_TYPE[type];
  if (!readRest) throw new Error(`type byte 0x${type.toString(16)} is not expected`);
  return readRest(reader);
}

const BY_TYPE = {
  0xc0: () => null,
  0xc2: () => false,
  0xc3: () => true,
  0xca: (reader) => reader.view.getFloat32(need(reader, 4)),
  0xcb: (reader) => reader.view.getFloat64(need(reader, 8)),
  0xcc: readU8,
  0xcd: readU16,
  0xce: readU32,
  0xcf: (reader) => readU32(reader) * WORD + readU32(reader),
  0xd0: (reader) => reader.view.getInt8(need(reader, 1)),
  0xd1: (reader) => reader.view.getInt16(need(reader, 2)),
  0xd2: readI32,
  0xd3: (reader) => readI32(reader) * WORD + readU32(reader),
  0xd9: (reader) => readString(reader, readU8(reader)),
  0xda: (reader) => readString(reader, readU16(reader)),
  0xdb: (reader) => readString(reader, readU32(reader)),
  0xdc: (reader) => readList(reader, readU16(reader)),
  0xdd: (reader) => readList(reader, readU32(reader)),
  0xde: (reader) => readMap(reader, readU16(reader)),
  0xdf: (reader) => readMap(reader, readU32(reader)),
};

/** Moves on; returns where it was. */
function need(reader, length) {
  const from = reader.at;
  if (from + length > reader.bytes.length) throw new Error('the value is cut off');
  reader.at = from + length;
  return from;
}

function readU8(reader) {
  return reader.view.getUint8(need(reader, 1));
}

function readU16(reader) {
  return reader.view.getUint16(need(reader, 2));
}

function readU32(reader) {
  return reader.view.getUint32(need(reader, 4));
}

function readI32(reader) {
  return reader.view.getInt32(need(reader, 4));
}

function readString(reader, length) {
  const from = need(reader, length);
  return fromUtf8(reader.bytes.subarray(from, reader.at));
}

function readList(reader, length) {
  const list = [];
  for (let i = 0; i < length; i += 1) list.push(read(reader));
  return list;
}

function readMap(reader, length) {
  const map = {};
  for (let i = 0; i < length; i += 1) {
    const key = read(reader);
    map[key] = read(reader);
  }
  return map;
}
