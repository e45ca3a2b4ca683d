// The tokens of a run, read without checking their signatures: only the hub's word counts, this is for what
// can be told before.

import encoding from 'k6/encoding';

/** What a run takes beside its own length, in seconds: to prepare it, to hear the last word, to leave the groups. */
const BESIDE = 60;

/** When a token ends, in Unix milliseconds: never, for one without an end; undefined for what is no JWT. */
export function endOf(token) {
  try {
    const claims = JSON.parse(encoding.b64decode(token.split('.')[1], 'rawurl', 's'));
    if (Array.isArray(claims)) return undefined;
    const { exp = Infinity } = claims;
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** Why the tokens of so many users will not do for this run, in a sentence; undefined when they will. */
export function shortcomingOf(plan, users, now = Date.now()) {
  const tokens = plan.accounts.slice(0, users).map(({ user, token }) => ({ user, end: endOf(token) }));
  const unread = tokens.find(({ end }) => end === undefined);
  if (unread) {
    return `The token of ${unread.user} is no JWT: make tokens with hubbub token --users, or use those of the issuer that the hub trusts.`;
  }
  const needed = Math.ceil(plan.seconds) + BESIDE;
  const short = tokens.filter(({ end }) => end < now + needed * 1000);
  if (short.length === 0) return undefined;
  const first = short.reduce((least, each) => (each.end < least.end ? each : least));
  const others = short.length > 1 ? `; ${short.length - 1} others end too early as well` : '';
  return (
    `The token of ${first.user} ${told(first.end, now)}, and this run needs ${needed} s${others}. `
    + `Make tokens that outlast it: hubbub token --users 'load-{0..${users - 1}}' --ttl ${Math.ceil(needed / 60) + 5}m --out tokens.json`
  );
}

function told(end, now) {
  const seconds = Math.round(Math.abs(end - now) / 1000);
  const moment = new Date(end).toISOString().replace('.000Z', 'Z');
  return end > now ? `ends at ${moment}, in ${seconds} s` : `ended at ${moment}, ${seconds} s ago`;
}
