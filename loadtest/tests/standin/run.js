// `k6 run [-q] [-e NAME=VALUE]… SCRIPT`, for one script at a time, all its users in one engine.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { abort, begin, count, end, whyBroken } from './life.js';
import { sampled, summarized } from './samples.js';

const THRESHOLDS_FAILED = 99;
const INTERRUPTED = 105;

globalThis.__ENV = { ...process.env };
globalThis.open = (path) => readFileSync(path.startsWith('file:') ? fileURLToPath(path) : path, 'utf8');

const script = await import(pathToFileURL(resolve(argumentsOf(process.argv.slice(2)))).href);
const { options } = script;
process.on('SIGINT', () => interrupt());
process.exitCode = await run();
process.exit();

function interrupt() {
  try {
    abort("test run was aborted because k6 received a 'interrupt' signal", INTERRUPTED);
  } catch {
    // Where it ends is told by the run.
  }
}

function argumentsOf(words) {
  let path;
  while (words.length > 0) {
    const word = words.shift();
    if (word === '-e') {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(words.shift());
      globalThis.__ENV[name] = value;
    } else if (!word.startsWith('-')) path = word;
  }
  return path;
}

async function run() {
  const started = Date.now();
  let failed;
  try {
    const data = script.setup && (await script.setup());
    failed = await played(data).catch((why) => why);
    end();
    if (script.teardown) await script.teardown(data);
  } catch (error) {
    failed = whyBroken() || { sentence: error.stack, code: 107 };
  }
  const metrics = summarized(options.thresholds || {});
  tell({ metrics, state: { testRunDurationMs: Date.now() - started } });
  if (failed) {
    console.error(failed.sentence);
    return failed.code;
  }
  const met = Object.values(metrics).every(({ thresholds }) => Object.values(thresholds || {}).every(({ ok }) => ok));
  return met ? 0 : THRESHOLDS_FAILED;
}

/** All iterations of all scenarios; fails when the run is broken off. */
async function played(data) {
  const brokenOff = begin();
  const scenarios = options.scenarios || { default: { vus: options.vus || 1 } };
  const iterations = Object.entries(scenarios).flatMap(([name, { exec = 'default', vus = 1 }]) =>
    Array.from({ length: vus }, async () => {
      count(name);
      await script[exec](data);
      sampled('iterations', 'counter', 1);
    }));
  await Promise.race([brokenOff, Promise.all(iterations)]);
}

function tell(data) {
  if (!script.handleSummary) return;
  for (const [where, text] of Object.entries(script.handleSummary(data))) {
    if (where === 'stdout') process.stdout.write(text);
    else writeFileSync(where, text);
  }
}
