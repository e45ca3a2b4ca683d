/**
 * MessagePack, as much of it as hubbub's frames need: everything that JSON can say, and byte strings.
 *
 * Integers are plain numbers in both directions. One beyond 2^53 loses its last digits, exactly as `JSON.parse` would
 * lose them; no frame of the hub's own has any.
 */

const UTF8_ENCODER = new TextEncoder();
const UTF8_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TWO_POW_32 = 2 ** 32;

/** Deeper nesting than this is refused, long before the engine's stack would run out. */
const MAX_DEPTH = 128;

/**
 * @param {unknown} value null, booleans, numbers, strings, `Uint8Array`, arrays and plain objects. `undefined` members
 *   of an object are left out, as in JSON.
 * @returns {Uint8Array}
 * @throws {TypeError} for what MessagePack has no form for, functions for example
 */
export function encode(value) {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.finish();
}

/**
 * @param {Uint8Array | ArrayBuffer} bytes exactly one value
 * @returns {any} extension types come as `{ ext, bytes }`
 * @throws {RangeError} when the bytes end early, go on after the value, or nest too deep
 * @throws {TypeError} for invalid UTF-8 and for the one byte that MessagePack never uses
 */
export function decode(bytes) {
  const reader = new Reader(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const value = reader.value(0);
  reader.expectEnd();
  return value;
}

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  finish() {
    return this.#bytes.slice(0, this.#length);
  }

  /** @param {unknown} value @param {number} depth */
  value(value, depth) {
    if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
    if (value === null || value === undefined) return this.#byte(0xc0);
    if (typeof value === 'boolean') return this.#byte(value ? 0xc3 : 0xc2);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'string') return this.#string(value);
    if (value instanceof Uint8Array) return this.#binary(value);
    if (Array.isArray(value)) return this.#array(value, depth);
    if (typeof value === 'object') return this.#map(value, depth);
    throw new TypeError(`MessagePack has no form for a ${typeof value}`);
  }

  /** Makes room for `size` more bytes and returns where they begin. @param {number} size */
  #claim(size) {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** @param {number} byte */
  #byte(byte) {
    const at = this.#claim(1);
    this.#bytes[at] = byte;
  }

  /**
   * A marker byte and a big-endian unsigned integer of 1, 2, 4 or 8 bytes.
   *
   * @param {number} marker
   * @param {number} size
   * @param {number} value
   */
  #marked(marker, size, value) {
    const at = this.#claim(1 + size);
    this.#bytes[at] = marker;
    if (size === 1) this.#view.setUint8(at + 1, value);
    else if (size === 2) this.#view.setUint16(at + 1, value);
    else if (size === 4) this.#view.setUint32(at + 1, value);
    else {
      this.#view.setUint32(at + 1, Math.floor(value / TWO_POW_32));
      this.#view.setUint32(at + 5, value >>> 0);
    }
  }

  /** @param {number} value */
  #number(value) {
    if (!Number.isSafeInteger(value)) return this.#float(value);
    if (value >= 0) {
      if (value < 0x80) this.#byte(value);
      else if (value < 0x100) this.#marked(0xcc, 1, value);
      else if (value < 0x10000) this.#marked(0xcd, 2, value);
      else if (value < TWO_POW_32) this.#marked(0xce, 4, value);
      else this.#marked(0xcf, 8, value);
    } else if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#marked(0xd0, 1, value);
    else if (value >= -0x8000) this.#marked(0xd1, 2, value);
    else if (value >= -0x80000000) this.#marked(0xd2, 4, value);
    else this.#marked(0xd3, 8, value);
  }

  /** @param {number} value */
  #float(value) {
    const at = this.#claim(9);
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
  }

  /** @param {string} text */
  #string(text) {
    const bytes = UTF8_ENCODER.encode(text);
    if (bytes.length < 0x20) this.#byte(0xa0 | bytes.length);
    else if (bytes.length < 0x100) this.#marked(0xd9, 1, bytes.length);
    else if (bytes.length < 0x10000) this.#marked(0xda, 2, bytes.length);
    else this.#marked(0xdb, 4, bytes.length);
    this.#raw(bytes);
  }

  /** @param {Uint8Array} bytes */
  #binary(bytes) {
    if (bytes.length < 0x100) this.#marked(0xc4, 1, bytes.length);
    else if (bytes.length < 0x10000) this.#marked(0xc5, 2, bytes.length);
    else this.#marked(0xc6, 4, bytes.length);
    this.#raw(bytes);
  }

  /** @param {Uint8Array} bytes */
  #raw(bytes) {
    const at = this.#claim(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** @param {unknown[]} items @param {number} depth */
  #array(items, depth) {
    if (items.length < 0x10) this.#byte(0x90 | items.length);
    else if (items.length < 0x10000) this.#marked(0xdc, 2, items.length);
    else this.#marked(0xdd, 4, items.length);
    for (const item of items) this.value(item, depth + 1);
  }

  /** @param {object} object @param {number} depth */
  #map(object, depth) {
    const entries = Object.entries(object).filter(([, member]) => member !== undefined);
    if (entries.length < 0x10) this.#byte(0x80 | entries.length);
    else if (entries.length < 0x10000) this.#marked(0xde, 2, entries.length);
    else this.#marked(0xdf, 4, entries.length);
    for (const [key, member] of entries) {
      this.#string(key);
      this.value(member, depth + 1);
    }
  }
}

class Reader {
  #bytes;
  #view;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  expectEnd() {
    if (this.#at !== this.#bytes.length) throw new RangeError(`${this.#bytes.length - this.#at} bytes after the value`);
  }

  /** @param {number} depth @returns {any} */
  value(depth) {
    if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
    const marker = this.#unsigned(1);
    if (marker < 0x80) return marker;
    if (marker < 0x90) return this.#map(marker & 0x0f, depth);
    if (marker < 0xa0) return this.#array(marker & 0x0f, depth);
    if (marker < 0xc0) return this.#string(marker & 0x1f);
    if (marker >= 0xe0) return marker - 0x100;
    return this.#marked(marker, depth);
  }

  /** @param {number} marker 0xc0 to 0xdf @param {number} depth @returns {any} */
  #marked(marker, depth) {
    switch (marker) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#unsigned(1 << (marker - 0xc4))).slice();
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#unsigned(1 << (marker - 0xc7)));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#unsigned(1 << (marker - 0xcc));
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#skip(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (marker - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#unsigned(1 << (marker - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 << (marker - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 << (marker - 0xde)), depth);
      default:
        throw new TypeError(`0x${marker.toString(16)} begins nothing in MessagePack`);
    }
  }

  /** Moves on by `size` bytes and returns where they begin. @param {number} size */
  #skip(size) {
    const at = this.#at;
    if (size > this.#bytes.length - at) {
      throw new RangeError(`the bytes end ${size - (this.#bytes.length - at)} too early`);
    }
    this.#at += size;
    return at;
  }

  /** @param {number} size 1, 2, 4 or 8 */
  #unsigned(size) {
    const at = this.#skip(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at);
    if (size === 4) return this.#view.getUint32(at);
    return this.#view.getUint32(at) * TWO_POW_32 + this.#view.getUint32(at + 4);
  }

  /** @param {number} size */
  #take(size) {
    const at = this.#skip(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** @param {number} size */
  #string(size) {
    return UTF8_DECODER.decode(this.#take(size));
  }

  /** @param {number} size */
  #extension(size) {
    const ext = this.#view.getInt8(this.#skip(1));
    return { ext, bytes: this.#take(size).slice() };
  }

  /** @param {number} count @param {number} depth */
  #array(count, depth) {
    const items = [];
    for (let index = 0; index < count; index += 1) items.push(this.value(depth + 1));
    return items;
  }

  /** @param {number} count @param {number} depth */
  #map(count, depth) {
    /** @type {Record<string, any>} */
    const object = {};
    for (let index = 0; index < count; index += 1) {
      const key = String(this.value(depth + 1));
      const member = this.value(depth + 1);
      // A plain assignment would set the prototype; as in JSON.parse it becomes a member like any other.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value: member, enumerable: true, configurable: true, writable: true });
      } else object[key] = member;
    }
    return object;
  }
}
