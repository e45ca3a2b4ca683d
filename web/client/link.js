/**
 * One WebSocket connection: opens, says the first frame, decodes what comes, and notices when the line is dead.
 *
 * @typedef {import("./types.js").Frame} Frame
 *
 * @typedef {object} LinkOptions
 * @property {typeof WebSocket} WebSocket
 * @property {string} url
 * @property {import("./codec.js").Codec} codec
 * @property {() => number} now milliseconds
 * @property {() => Frame} hello the first frame, made when the socket is open
 * @property {(frame: Frame) => void} onFrame
 * @property {(error: unknown) => void} onBrokenFrame a frame that could not be decoded; it is skipped
 * @property {(closeCode: number, reason: string) => void} onClose called once
 */

const NORMAL = 1000;
/** Ended without a close frame, as the WebSocket API reports it. */
const ABNORMAL = 1006;

export class Link {
  #options;
  #socket;
  #closed = false;
  /** When the hub was last heard. */
  heardAt;

  /** @param {LinkOptions} options */
  constructor(options) {
    this.#options = options;
    this.heardAt = options.now();
    const { WebSocket, url, codec } = options;
    this.#socket = new WebSocket(url, [codec.subprotocol]);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => {
      this.send(options.hello());
    });
    this.#socket.addEventListener('message', (event) => this.#receive(event.data));
    this.#socket.addEventListener('close', (event) => this.#end(event.code, event.reason));
    // A close event follows every error event; the error itself says nothing more.
    this.#socket.addEventListener('error', () => {});
  }

  /** @param {Frame} frame @returns {number | undefined} its size, or undefined when the socket takes nothing */
  send(frame) {
    if (this.#closed || this.#socket.readyState !== 1) return undefined;
    const data = this.#options.codec.encode(frame);
    this.#socket.send(data);
    return data.length;
  }

  /** Closes, and waits for nobody: the other end may be long gone. @param {string} reason at most 123 bytes */
  drop(reason) {
    if (this.#closed) return;
    this.#socket.close(NORMAL, reason);
    this.#end(ABNORMAL, reason);
  }

  /** @param {any} data */
  #receive(data) {
    if (this.#closed) return;
    this.heardAt = this.#options.now();
    let frame;
    try {
      frame = this.#options.codec.decode(data);
    } catch (error) {
      this.#options.onBrokenFrame(error);
      return;
    }
    if (typeof frame?.type === 'string') this.#options.onFrame(frame);
  }

  /** @param {number} closeCode @param {string} reason */
  #end(closeCode, reason) {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClose(closeCode, reason);
  }
}
