/** An error that the hub reported, or that kept a request from reaching it. */
export class HubbubError extends Error {
  /**
   * @param {string} code one of the protocol's (`forbidden`, `not_found` …), or of this client's own: `closed` (the
   *   client was closed), `timeout` (no answer in time), `unreachable` (an HTTP request got no answer)
   * @param {string} message
   * @param {{ retryAfter?: number, status?: number, closeCode?: number, cause?: unknown }} [details] `retryAfter` in
   *   milliseconds
   */
  constructor(code, message, details = {}) {
    super(message, { cause: details.cause });
    this.name = 'HubbubError';
    this.code = code;
    this.retryAfter = details.retryAfter;
    this.status = details.status;
    this.closeCode = details.closeCode;
  }
}

const PASSING = new Set(['rate_limited', 'overloaded', 'unavailable']);

/** Whether the same request may succeed later. @param {string} code */
export function isPassing(code) {
  return PASSING.has(code);
}

/** Why the hub ended a session for good, as one of the protocol's codes. @param {number} closeCode */
export function refusalOf(closeCode) {
  if (closeCode === 1008) return 'rate_limited';
  if (closeCode === 4004) return 'conflict';
  return closeCode === 4003 ? 'forbidden' : 'unauthorized';
}

/** Whether a connection that ended with this close code may be opened again as it was. @param {number} closeCode */
export function mayReconnect(closeCode) {
  return closeCode < 4000 || closeCode > 4099;
}
