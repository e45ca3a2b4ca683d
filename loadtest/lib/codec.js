// The encodings of frames, by the name that ENCODING gives.

import * as msgpack from './msgpack.js';

/** For each: the subprotocol that asks for it, and frames to and from what a socket takes and gives. */
export const CODECS = {
  json: { subprotocol: 'hubbub.v1.json', encode: JSON.stringify, decode: JSON.parse },
  msgpack: { subprotocol: 'hubbub.v1.msgpack', encode: msgpack.encode, decode: msgpack.decode },
};
