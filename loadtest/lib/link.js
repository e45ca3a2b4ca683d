// One WebSocket connection: frames in and out, and one end, whatever ends it.

import { WebSocket } from 'k6/websockets';
import { isFinal } from './endings.js';

/** A server that does not answer at all. */
const WELCOME_LIMIT = 20_000;
/** A socket's `readyState`. */
const OPEN = 1;

/** A request or a connection that the hub turned down. */
export class Refusal extends Error {
  constructor(code, message, retryAfter) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
    /** The code with which the connection was closed, when it was. */
    this.closed = undefined;
    /** Whether the hub said not to come back. */
    this.isFinal = false;
  }
}

export class Link {
  /** `heard(frame, arrived)` gets each frame; `ended(problem)` is called once. */
  constructor(url, codec, token, cursors, { heard, ended }) {
    this.codec = codec;
    this.ended = ended;
    this.problem = null;
    this.bye = null;
    this.closed = undefined;
    this.over = false;
    this.socket = new WebSocket(url, [codec.subprotocol], { tags: { name: 'hub' } });
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => (this.over ? closeSocket(this.socket) : this.say({ type: 'hello', token, cursors }));
    this.socket.onmessage = (event) => this.hear(codec.decode(event.data), event.timestamp, heard);
    this.socket.onerror = (event) => this.fail(event.error);
    this.socket.onclose = () => this.end();
    this.timer = setTimeout(() => this.giveUp(), WELCOME_LIMIT);
  }

  hear(frame, arrived, heard) {
    if (this.over) return;
    if (frame.type === 'welcome') this.isWelcome();
    // Before the welcome an error is about the connection, and it ends with it.
    if (frame.type === 'error' && this.timer) this.explain(new Refusal(frame.code, frame.message, frame.retry_after));
    if (frame.type === 'bye') {
      this.bye = frame;
      this.explain(new Refusal(frame.code, `the hub said bye (${frame.code})`, frame.after));
    }
    heard(frame, arrived);
  }

  isWelcome() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  fail(text) {
    const code = codeIn(text);
    if (code > 0) this.closed = code;
    this.explain(new Refusal(code, text));
  }

  giveUp() {
    this.explain(new Refusal('timeout', `no welcome within ${WELCOME_LIMIT / 1000} s`));
    this.end();
  }

  /** The first explanation is the best: later ones follow from it. */
  explain(problem) {
    this.problem = this.problem || problem;
  }

  end() {
    if (this.over) return;
    this.over = true;
    this.isWelcome();
    const problem = this.problem || new Refusal('connection', 'the connection ended');
    problem.closed = this.bye ? this.bye.code : this.closed;
    problem.isFinal = isFinal(this.bye, problem.closed);
    this.ended(problem);
  }

  /** What is said into a closing connection is lost, as on any other; senders repeat it. */
  say(frame) {
    if (this.socket.readyState === OPEN) this.socket.send(this.codec.encode(frame));
  }

  close() {
    closeSocket(this.socket);
  }
}

/** Closes an open socket. In k6, closing one that is not yet open blocks everything for good. */
export function closeSocket(socket) {
  if (socket.readyState === OPEN) socket.close();
}

/** A close code in k6's words: "websocket: close 1012 (service restart)". */
function codeIn(text) {
  const found = /close (\d{4})/.exec(text || '');
  if (found) return Number(found[1]);
  return /bad handshake/.test(text) ? 'handshake' : 'connection';
}
