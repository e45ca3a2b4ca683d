import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { CODECS } from './codecs.js';
import { Session } from './session.js';
import { mintToken, readToken } from './tokens.js';
import { World } from './world.js';

const WEB = new URL('../../', import.meta.url).pathname;
/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** One node of the fake hub: the public listener of docs/protocol.md over a world that several nodes may share. */
export class FakeNode {
  /**
   * Handles a frame in the hub's place when it returns true.
   *
   * @type {((frame: any, session: Session) => boolean | void) | undefined}
   */
  intercept;
  helloDeadline = 5000;
  /** @type {Session[]} every session this node ever had */
  sessions = [];
  port = 0;
  #server;

  /** @param {World} [world] @param {string} [name] */
  constructor(world = new World(), name = 'n1') {
    this.world = world;
    this.name = name;
    this.#server = this.#listen();
  }

  /** @param {number} [port] a free one when absent @returns {Promise<this>} */
  async start(port = this.port) {
    if (this.port !== 0) this.#server = this.#listen();
    await new Promise((resolve) => {
      this.#server.listen(port, '127.0.0.1', () => resolve(undefined));
    });
    this.port = /** @type {import("node:net").AddressInfo} */ (this.#server.address()).port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The newest session. */
  get session() {
    return /** @type {Session} */ (this.sessions.at(-1));
  }

  /** Every connection ends without a word, and nothing listens any more; `start` brings the node back. */
  async kill() {
    for (const session of this.sessions) session.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #listen() {
    const server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => [...offered].find((name) => name in CODECS) ?? false,
    });
    server.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', this.url);
      const offered = request.headers['sec-websocket-protocol']?.split(/, */) ?? [];
      const subprotocol = /** @type {keyof typeof CODECS | undefined} */ (offered.find((name) => name in CODECS));
      if (url.pathname !== '/ws' || (offered.length > 0 && !subprotocol)) {
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        return undefined;
      }
      const ticket = url.searchParams.get('ticket');
      const user = ticket === null ? undefined : this.world.tickets.get(ticket);
      if (ticket !== null && !user) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return undefined;
      }
      if (ticket !== null) this.world.tickets.delete(ticket);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sessions.push(new Session(this, webSocket, CODECS[subprotocol ?? 'hubbub.v1.json'], user));
      });
    });
    return server;
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #serve(request, response) {
    const url = new URL(request.url ?? '/', this.url);
    const route = `${request.method} ${url.pathname}`;
    if (route === 'POST /auth/register' || route === 'POST /auth/login') {
      return this.#account(route.slice(11), await bodyOf(request), response);
    }
    const user = readToken(request.headers.authorization?.replace('Bearer ', ''))?.sub;
    if (route === 'POST /auth/renew') {
      return user ? this.#renew(user, response) : problem(response, 401, 'unauthorized', 'Token needed');
    }
    if (route === 'POST /auth/ticket') {
      return user ? this.#ticket(user, response) : problem(response, 401, 'unauthorized', 'Token needed');
    }
    if (route === 'GET /users') {
      return user ? this.#users(url, response) : problem(response, 401, 'unauthorized', 'Token needed');
    }
    if (request.method === 'GET') return serveFile(url.pathname, response);
    return problem(response, 404, 'not_found', 'No such thing here');
  }

  /** @param {string} what @param {any} body @param {import("node:http").ServerResponse} response */
  #account(what, { username, password, name }, response) {
    if (!this.world.accountsOn) return problem(response, 404, 'not_found', 'Built-in accounts are off');
    const known = this.world.users.get(username);
    if (what === 'register' && known?.password) return problem(response, 409, 'conflict', 'The username is taken');
    if (what === 'register' && password.length < 8) {
      return problem(response, 422, 'bad_frame', 'The password is too short: 8 characters at least');
    }
    if (what === 'login' && (!known || known.password !== password)) {
      return problem(response, 401, 'unauthorized', 'Wrong username or password');
    }
    const user = known ?? this.world.user(username, { name, password });
    json(response, what === 'register' ? 201 : 200, { user: user.id, ...this.#token(user) });
  }

  /** @param {import("./world.js").User} user */
  #token({ id, name }) {
    const ttl = this.world.tokenTtl;
    return { token: mintToken(id, { name, ttl }), expires: Date.now() + ttl };
  }

  /** @param {string} id @param {import("node:http").ServerResponse} response */
  #renew(id, response) {
    this.world.renewals += 1;
    const user = this.world.users.get(id);
    if (!user?.password) return problem(response, 422, 'unsupported', 'Not an account of this hub');
    json(response, 200, this.#token(user));
  }

  /** @param {string} user @param {import("node:http").ServerResponse} response */
  #ticket(user, response) {
    const ticket = randomBytes(16).toString('hex');
    this.world.tickets.set(ticket, user);
    json(response, 201, { ticket, expires: Date.now() + 30_000 });
  }

  /** @param {URL} url @param {import("node:http").ServerResponse} response */
  #users(url, response) {
    const prefix = (url.searchParams.get('username') ?? '').toLowerCase();
    const found = [...this.world.users.values()]
      .filter(({ username }) => username.toLowerCase().startsWith(prefix))
      .slice(0, 20);
    json(
      response,
      200,
      found.map(({ id, username, name }) => ({ username, name, ...this.world.presenceOf(id) })),
    );
  }
}

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {any} body
 * @param {string} [type]
 */
function json(response, status, body, type = 'application/json') {
  response.writeHead(status, { 'content-type': type, 'access-control-allow-origin': '*' }).end(JSON.stringify(body));
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {string} code
 * @param {string} title
 */
function problem(response, status, code, title) {
  json(response, status, { type: 'about:blank', status, code, title }, 'application/problem+json');
}

/** @param {string} path @param {import("node:http").ServerResponse} response */
async function serveFile(path, response) {
  const file = join(WEB, normalize(path === '/' ? '/index.html' : path));
  const type = TYPES[extname(file)];
  const content = type && !path.startsWith('/tests') ? await readFile(file).catch(() => undefined) : undefined;
  if (content === undefined) return problem(response, 404, 'not_found', 'No such file');
  response
    .writeHead(200, { 'content-type': type, 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' })
    .end(content);
}
