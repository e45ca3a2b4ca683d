// Has Node find `k6` and `k6/…` here, and `ws` among the packages of the browser tests.

import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';

const HOME = new URL('.', import.meta.url);
const WS = pathToFileURL(createRequire(new URL('../../../web/tests/package.json', import.meta.url)).resolve('ws')).href;

register(
  `data:text/javascript,${encodeURIComponent(`
    export function resolve(name, context, next) {
      if (name === 'ws') return { url: '${WS.replace(/index\.js$/, 'wrapper.mjs')}', shortCircuit: true };
      if (name === 'k6' || name.startsWith('k6/')) {
        return { url: new URL('./api/' + name.replace('/', '-') + '.js', '${HOME.href}').href, shortCircuit: true };
      }
      return next(name, context);
    }
  `)}`,
);
