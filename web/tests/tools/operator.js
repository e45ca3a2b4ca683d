/**
 * Pictures of the operator's page of a hub that runs: `node tools/operator.js http://127.0.0.1:8081 [directory]`.
 */
import { fileURLToPath } from 'node:url';
import { launch } from '../browser/chromium.js';

const [url, directory = fileURLToPath(new URL('../../../docs/images', import.meta.url))] = process.argv.slice(2);
if (url === undefined) {
  throw new Error('name the internal listener of a hub that runs: node tools/operator.js http://127.0.0.1:8081');
}

const WATCHED_MS = 20_000;
const browser = await launch();
await Promise.all(
  /** @type {const} */ (['light', 'dark']).map(async (colorScheme) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width: 1440, height: 900 },
      deviceScaleFactor: 1.5,
    });
    const page = await context.newPage();
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(message.text()));
    await page.goto(url);
    await page.getByRole('row', { name: /this node/ }).waitFor();
    // Long enough for the newest to be in the plots.
    await page.waitForTimeout(WATCHED_MS);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${directory}/operator-${colorScheme}.png`, fullPage: true });
    await context.close();
  }),
);
await browser.close();
