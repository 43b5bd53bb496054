/** Which values get the first and the last colour. */

/** @typedef {{low: number, high: number}} Levels dB */

/** Far less of a spectrogram is background than of a waterfall: filters leave the upper frequencies empty. */
const LOW_PERCENTILE = { channel: 0.05, frequency: 0.25 };
const HIGH_PERCENTILE = 0.997;
const SMALLEST_SPAN = 9;
const LARGEST_SPAN = 80;
const MOST_SAMPLES = 60_000;
const BIN = 0.25;
const FLOOR = -400;
const BINS = 3200;
const bins = new Uint32Array(BINS);

/**
 * The levels between which nearly all of what is visible lies.
 * @param {import('./history.js').RowHistory} history
 * @param {'channel'|'frequency'} kind what the columns are
 * @param {{rows: [number, number], columns: [number, number]}} visible
 * @returns {Levels|null} null while nothing is visible
 */
export function measure(history, kind, { rows, columns }) {
  const from = Math.max(Math.floor(rows[0]), history.first);
  const to = Math.min(Math.ceil(rows[1]), history.end);
  const left = Math.max(0, Math.floor(columns[0]));
  const right = Math.min(history.columns, Math.ceil(columns[1]));
  const stride = Math.max(1, Math.sqrt(((to - from) * (right - left)) / MOST_SAMPLES));
  bins.fill(0);
  let total = 0;
  for (let position = from; position < to; position += stride) {
    const row = Math.floor(position);
    if (history.has(row)) total += count(history, row, left, right, stride);
  }
  if (total === 0) return null;
  const high = percentile(total * HIGH_PERCENTILE);
  const low = Math.max(percentile(total * LOW_PERCENTILE[kind]), high - LARGEST_SPAN);
  const widen = Math.max(0, SMALLEST_SPAN - (high - low)) / 2;
  return { low: low - widen, high: high + widen };
}

function count(history, row, left, right, stride) {
  const counts = history.row(row);
  let total = 0;
  history.parts.forEach((part, p) => {
    const { offset, step } = history.scale(row, p);
    const end = Math.min(right, part.first + part.count);
    for (let position = Math.max(left, part.first); position < end; position += stride) {
      const value = counts[Math.floor(position)];
      if (value === 0) continue;
      const bin = Math.round((offset + (value - 1) * step - FLOOR) / BIN);
      bins[Math.max(0, Math.min(BINS - 1, bin))] += 1;
      total += 1;
    }
  });
  return total;
}

function percentile(rank) {
  let seen = 0;
  for (let bin = 0; bin < BINS; bin++) {
    seen += bins[bin];
    if (seen > rank) return FLOOR + bin * BIN;
  }
  return FLOOR + BINS * BIN;
}

const SETTLE_MS = 1200;
const AT_REST = 0.3;

/** Levels that follow what is visible without flickering, unless someone has set them. */
export class Contrast {
  constructor() {
    /** @type {Levels|null} */
    this.manual = null;
    /** @type {Levels|null} */
    this.auto = null;
    this.target = null;
  }

  /** @returns {Levels} */
  get levels() {
    return this.manual ?? this.auto ?? { low: 0, high: 1 };
  }

  /** @param {Levels|null} target what {@link measure} found */
  aim(target) {
    if (!target) return;
    this.auto ??= { ...target };
    this.target = target;
  }

  /**
   * Moves on towards the target.
   * @param {number} elapsed ms since the last call; Infinity to arrive at once
   * @returns {boolean} whether the levels moved
   */
  settle(elapsed) {
    if (!this.target || this.manual) return false;
    const { auto, target } = this;
    if (Math.abs(auto.low - target.low) < AT_REST && Math.abs(auto.high - target.high) < AT_REST) return false;
    const part = 1 - Math.exp(-elapsed / SETTLE_MS);
    auto.low += (target.low - auto.low) * part;
    auto.high += (target.high - auto.high) * part;
    return true;
  }

  /** Forgets what was visible. */
  reset() {
    this.auto = null;
    this.target = null;
  }
}
