import { decode, encode } from '../msgpack.js';

/**
 * One way of writing frames, chosen by WebSocket subprotocol.
 *
 * @typedef {object} Codec
 * @property {string} subprotocol
 * @property {(frame: object) => string | Uint8Array<ArrayBuffer>} encode
 * @property {(data: any) => any} decode throws for what is no frame
 */

/** @type {Record<"json" | "msgpack", Codec>} */
export const CODECS = {
  json: {
    subprotocol: 'hubbub.v1.json',
    encode: (frame) => JSON.stringify(frame),
    decode: (data) => JSON.parse(data),
  },
  msgpack: {
    subprotocol: 'hubbub.v1.msgpack',
    encode: (frame) => /** @type {Uint8Array<ArrayBuffer>} */ (encode(frame)),
    decode: (data) => decode(data),
  },
};
