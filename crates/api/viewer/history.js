/** Everything received, up to a fixed amount of memory: the newest rows stay, the oldest go. */

/** @typedef {{first: number, count: number}} Part columns that share one scale in each row */

const NONE = -1;

export class RowHistory {
  /**
   * @param {number} columns values in a row
   * @param {Part[]} parts contiguous, in order
   * @param {number} capacity rows kept
   */
  constructor(columns, parts, capacity) {
    this.columns = columns;
    this.parts = parts;
    this.capacity = capacity;
    this.counts = new Uint8Array(columns * capacity);
    /** Per row and part: offset and step, dB. */
    this.scales = new Float32Array(capacity * parts.length * 2);
    this.times = new Float64Array(capacity);
    this.flags = new Uint32Array(capacity);
    this.held = new Float64Array(capacity).fill(NONE);
    /** Oldest row that is kept, and one past the newest. */
    this.first = 0;
    this.end = 0;
    /** Rows that changed since a renderer last looked. */
    this.changed = { from: Infinity, to: -Infinity };
  }

  /** @param {number} row @returns {number} */
  slot(row) {
    return row % this.capacity;
  }

  /** @param {number} row */
  has(row) {
    return row >= this.first && row < this.end && this.held[this.slot(row)] === row;
  }

  /**
   * @param {number} row @param {number} part
   * @param {{time: number, flags: number, offset: number, counts: Uint8Array}} content
   * @param {number} step
   */
  write(row, part, { time, flags, offset, counts }, step) {
    if (row < this.first) return;
    const slot = this.slot(row);
    const { first, count } = this.parts[part];
    if (this.held[slot] !== row) this.#claim(row, slot);
    this.counts.set(counts.length > count ? counts.subarray(0, count) : counts, slot * this.columns + first);
    const at = (slot * this.parts.length + part) * 2;
    this.scales[at] = offset;
    this.scales[at + 1] = step;
    this.times[slot] = time;
    this.flags[slot] |= flags;
    this.changed.from = Math.min(this.changed.from, row);
    this.changed.to = Math.max(this.changed.to, row + 1);
  }

  /** Makes the slot this row's; rows skipped on the way here are missing ones. */
  #claim(row, slot) {
    if (row >= this.end) {
      const skipped = Math.max(this.end, row - this.capacity + 1);
      for (let gap = skipped; gap < row; gap++) this.#clear(this.slot(gap));
      if (skipped < row) this.changed.from = Math.min(this.changed.from, skipped);
      this.end = row + 1;
      this.first = Math.max(this.first, this.end - this.capacity);
    }
    this.#clear(slot);
    this.held[slot] = row;
  }

  #clear(slot) {
    this.held[slot] = NONE;
    this.flags[slot] = 0;
    this.counts.fill(0, slot * this.columns, (slot + 1) * this.columns);
  }

  /** @param {number} row @returns {Uint8Array} the counts of a row that is held */
  row(row) {
    const at = this.slot(row) * this.columns;
    return this.counts.subarray(at, at + this.columns);
  }

  /** @param {number} row @returns {number} UTC epoch ms of a row that is held */
  time(row) {
    return this.times[this.slot(row)];
  }

  /** @param {number} column @returns {number} */
  partOf(column) {
    return this.parts.findIndex((part) => column < part.first + part.count);
  }

  /** @param {number} row @param {number} part @returns {{offset: number, step: number}} */
  scale(row, part) {
    const at = (this.slot(row) * this.parts.length + part) * 2;
    return { offset: this.scales[at], step: this.scales[at + 1] };
  }

  /** @param {number} row @param {number} column @returns {number} dB, NaN when missing */
  value(row, column) {
    if (!this.has(row) || column < 0 || column >= this.columns) return NaN;
    const count = this.counts[this.slot(row) * this.columns + column];
    if (count === 0) return NaN;
    const { offset, step } = this.scale(row, this.partOf(column));
    return offset + (count - 1) * step;
  }

  /** A row's values in dB, NaN where missing. @param {number} row @returns {Float32Array|null} */
  values(row) {
    if (!this.has(row)) return null;
    const counts = this.row(row);
    const values = new Float32Array(this.columns);
    this.parts.forEach((part, p) => {
      const { offset, step } = this.scale(row, p);
      for (let c = part.first; c < part.first + part.count; c++) {
        values[c] = counts[c] === 0 ? NaN : offset + (counts[c] - 1) * step;
      }
    });
    return values;
  }

  /** @returns {{from: number, to: number}} the rows that changed since the last call */
  takeChanges() {
    const { from, to } = this.changed;
    this.changed = { from: Infinity, to: -Infinity };
    return { from: Math.max(from, this.first), to };
  }
}
