import { connect, createServer } from 'node:net';

/** A line from the browser to a hub that the test can cut, mend, and lead to another node, as a load balancer would. */
export class Line {
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  #target;
  #whole = true;
  #server = createServer((socket) => this.#carry(socket));

  /** @param {string} url the node it leads to */
  constructor(url) {
    this.#target = url;
  }

  /** @param {string} url */
  static async to(url) {
    const line = new Line(url);
    await new Promise((resolve) => {
      line.#server.listen(0, '127.0.0.1', () => resolve(undefined));
    });
    return line;
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.#server.address()).port}`;
  }

  cut() {
    this.#whole = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** @param {string} [url] another node */
  mend(url = this.#target) {
    this.#target = url;
    this.#whole = true;
  }

  /** From now on to another node; what is open stays. @param {string} url */
  leadTo(url) {
    this.#target = url;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  /** @param {import("node:net").Socket} near */
  #carry(near) {
    if (!this.#whole) {
      near.destroy();
      return undefined;
    }
    const { hostname, port } = new URL(this.#target);
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
