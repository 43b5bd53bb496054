/** Which rows and columns are visible. Rows may be fractional while someone scrolls. */

const FEWEST_ROWS = 8;
const FEWEST_COLUMNS = 4;

export class Viewport {
  /** @param {import('./model.js').Model} model @param {number} shown rows that a live picture shows */
  constructor(model, shown) {
    this.model = model;
    this.shown = shown;
    this.reset();
  }

  /** Everything again, and the newest row. */
  reset() {
    const { model } = this;
    this.rowCount = model.expected ?? this.shown;
    this.columns = { main: [0, model.main.axis.count], side: [0, model.side?.axis.count ?? 1] };
    this.follow();
  }

  /** A live picture moves on with the rows; a recording's stands still. */
  follow() {
    /** One past the last visible row; null: the newest. */
    this.end = null;
  }

  /** Freezes the picture where it is. */
  hold() {
    this.end = this.rows[1];
  }

  get following() {
    return this.end === null;
  }

  /** @returns {[number, number]} */
  get rows() {
    const end = this.end ?? this.last;
    return [end - this.rowCount, end];
  }

  /** Where a picture that is not held ends. */
  get last() {
    return this.model.expected ?? this.model.end;
  }

  /** The first row that it makes sense to scroll to. */
  get earliest() {
    return this.model.expected ? 0 : this.model.first;
  }

  /** @param {number} rows forward in time; reaching the newest row follows again */
  scroll(rows) {
    const end = this.rows[1] + rows;
    const least = Math.min(this.last, this.earliest + this.rowCount);
    this.end = end >= this.last - 0.5 ? null : Math.max(end, least);
  }

  /** @param {number} end one past the last visible row */
  scrollTo(end) {
    this.scroll(end - this.rows[1]);
  }

  /** @param {number} factor above 1 shows more rows @param {number} anchor part of the height that stays in place */
  zoomRows(factor, anchor) {
    const [from, to] = this.rows;
    const most = this.model.expected ?? Math.max(this.shown, this.model.end - this.model.first);
    const count = Math.max(Math.min(FEWEST_ROWS, most), Math.min(most, this.rowCount * factor));
    const fixed = from + (to - from) * anchor;
    const wasFollowing = this.following;
    this.rowCount = count;
    const end = fixed + count * (1 - anchor);
    if (wasFollowing && this.model.live) return;
    this.end = to;
    this.scrollTo(end);
  }

  /** @param {'main'|'side'} key @param {number} factor @param {number} anchor part of the width */
  zoomColumns(key, factor, anchor) {
    const [from, to] = this.columns[key];
    const total = this.model[key].axis.count;
    const count = Math.max(Math.min(FEWEST_COLUMNS, total), Math.min(total, (to - from) * factor));
    const first = Math.max(0, Math.min(total - count, from + (to - from - count) * anchor));
    this.columns[key] = [first, first + count];
  }

  /** @param {'main'|'side'} key @param {number} columns to the right */
  pan(key, columns) {
    const [from, to] = this.columns[key];
    const first = Math.max(0, Math.min(this.model[key].axis.count - (to - from), from + columns));
    this.columns[key] = [first, first + to - from];
  }
}
