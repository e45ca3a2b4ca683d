import { decode, encode } from '@msgpack/msgpack';

/** The fake hub's encodings, MessagePack by another implementation than the one under test. */
export const CODECS = {
  'hubbub.v1.json': {
    /** @param {object} frame */
    encode: (frame) => JSON.stringify(frame),
    /** @param {Buffer} data @param {boolean} binary */
    decode: (data, binary) => (binary ? undefined : JSON.parse(data.toString())),
  },
  'hubbub.v1.msgpack': {
    /** @param {object} frame */
    encode: (frame) => encode(frame, { ignoreUndefined: true }),
    /** @param {Buffer} data @param {boolean} binary */
    decode: (data, binary) => (binary ? /** @type {any} */ (decode(data)) : undefined),
  },
};
