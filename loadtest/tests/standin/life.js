// The life of a run: what belongs to its users ends with it, whatever ends it.

const alive = new Set();
const numbers = new Map();
let over = false;
let playing = false;
let ended;

/** Why the run ended before its time; undefined when it did not. */
let broken;
export const whyBroken = () => broken;

/** From here on timers and sockets are the users'; the promise fails when the run is broken off. */
export function begin() {
  playing = true;
  over = false;
  broken = undefined;
  return new Promise((resolve, reject) => {
    ended = reject;
  });
}

/** From here on what the users began does not go on. */
export function end() {
  over = true;
  playing = false;
  for (const stop of alive) stop();
  alive.clear();
}

/** Ends the run: k6's exit code for an abort by the script is 108, for a signal 105. */
export function abort(sentence, code = 108) {
  broken = broken || { sentence: `test aborted: ${sentence}`, code };
  if (playing) {
    end();
    ended(broken);
  }
  throw new Interrupt(sentence);
}

/** Goes up through everything that the script does; nothing of it goes on. */
class Interrupt extends Error {}

/** Does a part of the script's work, which an abort ends. */
function until(work) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Interrupt)) throw error;
  }
}

/** Takes a socket or timer on; what it has to tell goes through the answer. */
export function owned(stop) {
  if (!playing) return until;
  alive.add(stop);
  return (work) => over || until(work);
}

/** Numbers the iterations of a scenario. */
export function count(name) {
  numbers.set(name, (numbers.get(name) ?? -1) + 1);
  current = numbers.get(name);
}

let current = 0;

/** The iteration that is beginning. */
export function iteration() {
  return current;
}

const realSetTimeout = globalThis.setTimeout;
globalThis.setTimeout = (work, ms) => {
  const timer = realSetTimeout(() => {
    alive.delete(stop);
    tell(work);
  }, ms);
  const stop = () => clearTimeout(timer);
  const tell = owned(stop);
  return timer;
};
