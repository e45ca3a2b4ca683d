/** Numbers and times as people read them. */

const WHOLE = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** @param {number} value */
export const whole = (value) => WHOLE.format(Math.round(value));

/** @param {number} value */
export const short = (value) => (Math.abs(value) >= 10_000 ? COMPACT.format(value) : SHORT.format(value));

/** @param {number | undefined} seconds */
export function latency(seconds) {
  if (seconds === undefined) return '–';
  if (seconds === Infinity) return 'over 10 s';
  if (seconds >= 1) return `${short(seconds)} s`;
  return `${short(Math.max(seconds, 0.00001) * 1000)} ms`;
}

/** @param {number} share */
export const percent = (share) =>
  `${new Intl.NumberFormat('en', { maximumFractionDigits: share > 0.999 && share < 1 ? 3 : 1 }).format(share * 100)} %`;

/** @param {number} milliseconds */
export function span(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  const [hours, days] = [Math.floor(minutes / 60), Math.floor(minutes / 1440)];
  if (minutes < 1) return `${Math.max(0, Math.floor(milliseconds / 1000))} s`;
  if (hours < 1) return `${minutes} min`;
  if (days < 1) return `${hours} h ${minutes % 60} min`;
  return `${days} d ${hours % 24} h`;
}

/** @param {number} time */
export const day = (time) => new Date(time).toISOString().slice(0, 10);

/** @param {number} time */
export const clock = (time) => new Date(time).toLocaleTimeString('en-GB');
