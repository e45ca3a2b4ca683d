import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.HUBBUB_TEST_CHROMIUM ?? '/usr/bin/chromium';

/** Debian's Chromium, headless. */
export function launch() {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(`no Chromium at ${EXECUTABLE}: apt-get install chromium, or set HUBBUB_TEST_CHROMIUM`);
  }
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
