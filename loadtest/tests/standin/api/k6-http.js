import { execFileSync } from 'node:child_process';

const ASK = `fetch(process.argv[1]).then(async (answer) => ({ status: answer.status, body: await answer.text() }))
  .catch(({ cause }) => ({ status: 0, error: cause.message, error_code: 1212 }))
  .then((answer) => process.stdout.write(JSON.stringify(answer)))`;

/** Waits for the answer, as k6 does: another process asks. */
function get(url) {
  const answer = JSON.parse(execFileSync(process.execPath, ['-e', ASK, url], { maxBuffer: 2 ** 26 }));
  return { ...answer, json: (field) => (field ? JSON.parse(answer.body)[field] : JSON.parse(answer.body)) };
}

export default { get };
