/** A job that takes over may begin this long before the last row; if more, a clock was set back. */
const LONGEST_PAST = 600_000;

/**
 * Where rows stand on the page's time axis. A job counts its rows from 0; a live view that had to be configured
 * again goes on with a new job, whose rows stand where their times say, over the old ones if it begins in the past.
 */
export class RowClock {
  /**
   * @param {number} interval seconds between rows
   * @param {number|null} origin UTC epoch ms at which row 0 begins; null: where the first row that comes begins
   */
  constructor(interval, origin) {
    this.interval = interval * 1000;
    this.origin = origin;
    /** One per job: rows from `first` on, of which `row` was at `time`. */
    this.segments = [];
    this.base = 0;
    this.fresh = true;
  }

  /** The next row placed belongs to another job. */
  nextJob() {
    this.fresh = true;
  }

  /**
   * @param {number} index the row's index in its job
   * @param {number} time UTC epoch ms
   * @returns {number} its row on the page
   */
  place(index, time) {
    if (this.fresh) {
      const start = this.#firstRow(index, time);
      this.base = start - index;
      this.segments.push({ first: start, row: start, time });
      this.fresh = false;
    }
    const row = this.base + index;
    const segment = this.segments.at(-1);
    segment.first = Math.min(segment.first, row);
    if (row > segment.row) Object.assign(segment, { row, time });
    return row;
  }

  #firstRow(index, time) {
    const last = this.segments.at(-1);
    if (last) {
      const since = time - last.time;
      return since < -LONGEST_PAST ? last.row + 1 : Math.round(last.row + since / this.interval);
    }
    if (this.origin === null) return index;
    return Math.max(0, Math.round((time - this.origin) / this.interval - 0.5));
  }

  /** @param {number} row may be fractional @returns {number} UTC epoch ms; NaN before the first row came */
  timeAt(row) {
    const segment = this.segments.findLast((candidate) => candidate.first <= row) ?? this.segments[0];
    return segment ? segment.time + (row - segment.row) * this.interval : NaN;
  }

  /** @param {number} time UTC epoch ms @returns {number} fractional row */
  rowAt(time) {
    const starts = (segment) => segment.time + (segment.first - segment.row) * this.interval;
    const segment = this.segments.findLast((candidate) => starts(candidate) <= time) ?? this.segments[0];
    return segment ? segment.row + (time - segment.time) / this.interval : NaN;
  }
}
