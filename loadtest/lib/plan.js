// What a run is told by environment variables: `k6 run -e HUB=… -e USERS=…`.
//
// Mistakes are kept and told by setup(), which can end the run in a sentence.

import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import { CODECS } from './codec.js';

/** What every script takes, and what it is when nothing is said. */
const COMMON = {
  USERS: 100,
  GROUP: 10,
  SOCKETS: 100,
  TEXT: 100,
  INTERVAL: 10,
};

const mistakes = [];

/** Ends the run with a sentence, at once, and with an exit code that is not zero. */
export function stop(sentence) {
  exec.test.abort(sentence);
  // Where abort only takes note of it.
  throw new Error(sentence);
}

/**
 * The run's plan. `defaults` are numbers by their names; each may be set by the variable of that name,
 * and is found under its name in lower case.
 */
export function planOf(name, defaults) {
  const plan = { name, urls: urls(), encoding: __ENV.ENCODING || 'json', run: __ENV.RUN || `${Date.now()}` };
  for (const [variable, value] of Object.entries({ ...COMMON, ...defaults })) {
    plan[variable.toLowerCase()] = number(variable, value);
  }
  plan.codec = CODECS[plan.encoding];
  if (!plan.codec) mistakes.push(`ENCODING is json or msgpack, not ${plan.encoding}.`);
  plan.accounts = accounts();
  plan.vus = Math.max(1, Math.ceil(plan.users / plan.sockets));
  plan.groups = Math.ceil(plan.users / plan.group);
  return plan;
}

/** Everything that is wrong with the variables, as a sentence; false when nothing is. */
export function mistakesIn(plan, users) {
  const all = [...mistakes];
  const unread = plan.accounts.length > 0 && plan.accounts[0].mistake;
  if (unread) all.push(unread);
  if (all.length === 0 && plan.accounts.length < users) {
    all.push(
      `${tokensFile()} has tokens for ${plan.accounts.length} users and this run needs ${users}: `
        + `hubbub token --users 'load-{0..${users - 1}}' --out tokens.json`,
    );
  }
  return all.length > 0 && all.join(' ');
}

/** The address of a node for the user at this place: WebSocket and HTTP. */
export function nodeOf(plan, place) {
  return plan.urls[place % plan.urls.length];
}

function urls() {
  const given = (__ENV.HUB || 'http://127.0.0.1:8080').split(',').map((url) => url.trim());
  return given.map((url) => {
    const parts = /^(ws|wss|http|https):\/\/([^/?#]+)([^?#]*)$/.exec(url);
    if (!parts) {
      mistakes.push(
        `HUB is the address of a hub, such as http://127.0.0.1:8080 or wss://chat.example.org/ws, not ${url || 'nothing'}.`,
      );
      return { ws: '', http: '' };
    }
    const secure = parts[1] === 'wss' || parts[1] === 'https' ? 's' : '';
    const path = parts[3].replace(/\/+$/, '').replace(/\/ws$/, '');
    return { ws: `ws${secure}://${parts[2]}${path}/ws`, http: `http${secure}://${parts[2]}${path}` };
  });
}

function number(variable, value) {
  const text = __ENV[variable];
  if (text === undefined || text === '') return value;
  const given = Number(text);
  const whole = Number.isInteger(value) && variable !== 'INTERVAL';
  if (!(given >= 0) || given > 1e9 || (whole && !Number.isInteger(given)) || (whole && value > 0 && given === 0)) {
    mistakes.push(`${variable} is a ${whole ? 'whole ' : ''}number such as ${value}, not ${text}.`);
    return value;
  }
  return given;
}

/** A list of numbers separated by commas, ascending. */
export function listOf(variable, value) {
  const text = __ENV[variable];
  if (!text) return value;
  const list = text.split(',').map(Number);
  if (list.every((each, i) => each > 0 && each <= 1000 && !(each < list[i - 1]))) return list;
  mistakes.push(`${variable} is a list of ascending numbers such as ${value.join(',')}, not ${text}.`);
  return value;
}

function tokensFile() {
  const path = __ENV.TOKENS || 'tokens.json';
  return path.startsWith('/') || !__ENV.PWD ? path : `${__ENV.PWD}/${path}`;
}

// Read once and shared: ten thousand tokens in each of a hundred virtual users would take gigabytes.
// What is wrong with the file is shared the same way.
function accounts() {
  return new SharedArray('tokens', () => read(tokensFile()));
}

function read(path) {
  try {
    const listed = JSON.parse(open(path));
    if (Array.isArray(listed) && listed.every((each) => each && each.user && each.token)) return listed;
    return [{ mistake: `${path} is not a list of {user, token}, as hubbub token --users makes it.` }];
  } catch (error) {
    const why = error instanceof SyntaxError ? `is not JSON (${error.message})` : 'cannot be read';
    return [
      {
        mistake: `The file of tokens ${path} ${why}: hubbub token --users 'load-{0..999}' --out tokens.json, and TOKENS says where it is.`,
      },
    ];
  }
}
