/** Where the ticks of an axis go and how they read. */

/** @typedef {{at: number, label: string}} Tick */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10].map((n) => n * DAY),
];
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

/**
 * @param {number} low @param {number} high @param {number} most how many fit
 * @returns {Tick[]} at round numbers
 */
export function numberTicks(low, high, most) {
  const span = Math.abs(high - low);
  if (!(span > 0) || most < 1) return [];
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((candidate) => candidate >= raw * 0.9999);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let i = Math.ceil(Math.min(low, high) / step - 1e-9); i * step <= Math.max(low, high) + step * 1e-9; i++) {
    ticks.push({ at: i * step, label: (i * step).toFixed(digits).replace(/^-(0(\.0+)?)$/, '$1') });
  }
  return ticks;
}

/**
 * @param {number} start UTC epoch ms @param {number} end @param {number} most how many fit
 * @returns {Tick[]} at round UTC times, from years to milliseconds
 */
export function timeTicks(start, end, most) {
  if (!(end > start) || most < 1) return [];
  const raw = (end - start) / most;
  const step = STEPS.find((candidate) => candidate >= raw);
  if (step === undefined || step > 10 * DAY) return monthTicks(start, end, raw);
  const ticks = [];
  for (let i = Math.ceil(start / step); i * step <= end; i++) {
    ticks.push({ at: i * step, label: timeLabel(i * step, step) });
  }
  return ticks;
}

/** @returns {Tick[]} */
function monthTicks(start, end, raw) {
  const step = MONTHS.find((months) => months * 30 * DAY >= raw) ?? MONTHS.at(-1);
  const date = new Date(start);
  const ticks = [];
  let month = Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / step) * step;
  for (; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12);
    if (at > end) return ticks;
    const iso = new Date(at).toISOString();
    if (at >= start) ticks.push({ at, label: step >= 12 ? iso.slice(0, 4) : iso.slice(0, 7) });
  }
}

/** @param {number} time @param {number} step */
function timeLabel(time, step) {
  const iso = new Date(time).toISOString();
  if (step >= DAY || (time % DAY === 0 && step >= HOUR)) return iso.slice(0, 10);
  if (step >= MINUTE) return iso.slice(11, 16);
  if (step >= SECOND) return iso.slice(11, 19);
  return iso.slice(11, step >= 100 ? 21 : step >= 10 ? 22 : 23);
}

/** `2026-11-22 16:40:27.3`: with as many digits as rows this far apart need. @param {number} time @param {number} ms */
export function fullTime(time, ms = 1) {
  if (!Number.isFinite(time)) return '';
  const iso = new Date(Math.round(time)).toISOString().replace('T', ' ');
  return iso.slice(0, ms >= SECOND ? 19 : ms >= 100 ? 21 : 23);
}

/** `1 h 20 min`, `50 s`, `0.25 s`. @param {number} seconds */
export function span(seconds) {
  if (seconds < 1) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const at = units.findIndex(([size]) => seconds >= size);
  const [size, name] = units[at];
  const [lower, lowerName] = units[at + 1];
  const rest = Math.floor((seconds % size) / lower);
  return `${Math.floor(seconds / size)} ${name}${rest ? ` ${rest} ${lowerName}` : ''}`;
}
