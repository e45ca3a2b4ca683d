import { h } from '/app/ui/dom.js';
import { clock } from './format.js';

/**
 * Small plots of the last minutes, as SVG.
 *
 * @typedef {import("./series.js").Point} Point
 * @typedef {{ name: string, points: Point[] }} Line
 */

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [400, 96];
/** What a plot shows, in milliseconds. */
export const SHOWN = 15 * 60_000;

/** @param {string} tag @param {Record<string, string | number>} attributes */
function s(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** The least of 1, 2, 2.5, 5, 10, 20 … that is not below. @param {number} value */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999) ?? 10 * power;
}

/**
 * A plot with its title and the lines' present values. A threshold is drawn as a line of its own once it is in reach.
 *
 * @param {string} title
 * @param {Line[]} lines
 * @param {{ format: (value: number) => string, now: number, least: number, threshold?: number }} how `least`: the
 *   height of the plot at least
 */
export function plot(title, lines, { format, now, least, threshold }) {
  const most = Math.max(least, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const top = ceiling(most);
  const x = (/** @type {number} */ time) => WIDTH * (1 - (now - time) / SHOWN);
  const y = (/** @type {number} */ value) => HEIGHT * (1 - value / top);
  const svg = s('svg', {
    class: 'plot-svg',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  for (const part of [0, 0.5, 1]) {
    svg.append(s('line', { class: 'grid', x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }));
  }
  for (const minutes of [5, 10]) {
    svg.append(
      s('line', { class: 'grid', x1: x(now - minutes * 60_000), x2: x(now - minutes * 60_000), y1: 0, y2: HEIGHT }),
    );
  }
  if (threshold !== undefined && threshold <= top) {
    svg.append(s('line', { class: 'threshold', x1: 0, x2: WIDTH, y1: y(threshold), y2: y(threshold) }));
  }
  lines.forEach(({ points }, index) => {
    const shown = points.filter(({ time }) => now - time <= SHOWN);
    if (shown.length < 2) return;
    const path = shown.map(({ time, value }) => `${x(time).toFixed(1)},${y(Math.min(value, top)).toFixed(1)}`);
    if (index === 0) {
      svg.append(
        s('polygon', {
          class: 'area',
          points: `${x(shown[0].time)},${HEIGHT} ${path.join(' ')} ${x(shown[shown.length - 1].time)},${HEIGHT}`,
        }),
      );
    }
    svg.append(s('polyline', { class: `line line-${index}`, points: path.join(' ') }));
  });
  const legend = lines.map(({ name, points }, index) => {
    const last = points.at(-1);
    return h(
      'span',
      { class: `key key-${index}` },
      name,
      ' ',
      h('b', {}, last === undefined ? '–' : format(last.value)),
    );
  });
  const frame = h('div', { class: 'plot-frame' }, svg, h('span', { class: 'plot-top' }, format(top)));
  frame.addEventListener('pointermove', (event) => {
    const box = frame.getBoundingClientRect();
    const time = now - SHOWN * (1 - (event.clientX - box.left) / box.width);
    frame.title = [clock(time), ...lines.map(({ name, points }) => `${name}: ${nearest(points, time, format)}`)].join(
      '\n',
    );
  });
  return h(
    'figure',
    { class: 'plot' },
    h('figcaption', {}, h('span', { class: 'plot-title' }, title), h('span', { class: 'keys' }, ...legend)),
    frame,
  );
}

/** @param {Point[]} points @param {number} time @param {(value: number) => string} format */
function nearest(points, time, format) {
  let best = points[0];
  for (const point of points) if (Math.abs(point.time - time) < Math.abs(best.time - time)) best = point;
  return best === undefined ? '–' : format(best.value);
}
