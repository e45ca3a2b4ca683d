import { createHmac } from 'node:crypto';

const SECRET = "the fake hub's own";

/** @param {object} part */
const pack = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
/** @param {string} text */
const sign = (text) => createHmac('sha256', SECRET).update(text).digest('base64url');

let minted = 0;

/**
 * @param {string} user
 * @param {{ name?: string, ttl?: number }} [options] `ttl` in milliseconds
 */
export function mintToken(user, { name, ttl = 3_600_000 } = {}) {
  const claims = { sub: user, name, iat: Date.now() / 1000, exp: (Date.now() + ttl) / 1000, jti: (minted += 1) };
  const text = `${pack({ alg: 'HS256', typ: 'JWT' })}.${pack(claims)}`;
  return `${text}.${sign(text)}`;
}

/** @param {string | undefined} token @returns {{ sub: string, name?: string, exp: number } | undefined} */
export function readToken(token) {
  const [head, payload, signature] = token?.split('.') ?? [];
  if (signature === undefined || sign(`${head}.${payload}`) !== signature) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return claims.exp * 1000 > Date.now() ? claims : undefined;
}
