import Socket from 'ws';
import { owned } from '../life.js';
import { sampled } from '../samples.js';

/** Go's words for what Node calls by a code. */
const WORDS = {
  ECONNREFUSED: 'connect: connection refused',
  EMFILE: 'socket: too many open files',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
};
/** These closes are no errors to k6. */
const QUIET = new Set([1000, 1001, 1005]);

export class WebSocket {
  constructor(url, protocols) {
    this.socket = new Socket(url, protocols, { perMessageDeflate: false });
    this.socket.binaryType = 'arraybuffer';
    const tellLive = owned(() => this.socket.terminate());
    const tell = (name, event = {}) => tellLive(() => this[name]?.(event));
    this.socket.on('open', () => {
      sampled('ws_sessions', 'counter', 1);
      tell('onopen');
    });
    this.socket.on('message', (data, binary) =>
      tell('onmessage', { data: binary ? data : Buffer.from(data).toString(), timestamp: Date.now() }));
    this.socket.on('error', (error) => tell('onerror', { error: wordsOf(error) }));
    this.socket.on('close', (code, reason) => {
      if (!QUIET.has(code)) {
        tell('onerror', { error: `websocket: close ${code}${reason.length > 0 ? `: ${reason}` : ''}` });
      }
      tell('onclose', { code });
    });
  }

  get readyState() {
    return this.socket.readyState;
  }

  send(data) {
    this.socket.send(data);
  }

  close() {
    this.socket.close();
  }
}

function wordsOf(error) {
  if (/Unexpected server response/.test(error.message)) return 'websocket: bad handshake';
  return WORDS[error.code] ? `dial tcp: ${WORDS[error.code]}` : error.message;
}
