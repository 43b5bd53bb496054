/** The pictures of one view: what was received, ready to be drawn. */

import { RowClock } from './clock.js';
import { BandPower, copyChannel, encode } from './derive.js';
import { RowHistory } from './history.js';
import { ViewType } from './state.js';

const PICTURE_BYTES = 64 << 20;
const SPECTRA_BYTES = 192 << 20;
const MOST_ROWS = 400_000;
/** Rows that one stream may be behind the others before the picture goes on without it. */
const STREAM_LAG = 64;

/** @typedef {{kind: 'channel'|'frequency', first: number, step: number, count: number}} ColumnAxis
 *   column `c` is centred on `first + c * step` */

/** @typedef {{history: RowHistory, axis: ColumnAxis, title: string}} Picture */

export class Model {
  /**
   * @param {import('./protocol.js').Header[]} headers one per stream, in channel order
   * @param {(columns: number) => number} mostRows what the GPU can hold
   */
  constructor(headers, mostRows) {
    const [header] = headers;
    this.header = header;
    this.fibre = header.metadata;
    this.live = header.live;
    this.viewType = header.view_type;
    this.interval = header.lines_dt;
    this.channels = { min: header.channels.min, max: headers.at(-1).channels.max };
    /** Rows of a recording's whole picture; null when live. */
    this.expected = header.live
      ? null
      : Math.max(1, Math.ceil((header.view.end_time - header.view.start_time) / header.lines_dt - 1e-6));
    this.clock = new RowClock(header.lines_dt, header.live ? null : header.view.start_time * 1000);
    this.received = 0;
    this.lostBy = headers.map(() => 0);
    this.ends = headers.map(() => 0);
    this.#build(headers, mostRows);
  }

  #build(headers, mostRows) {
    const [{ frequencies, values_per_channel: width }] = headers;
    const counts = headers.map(({ channels }) => channels.max - channels.min + 1);
    const parts = (size) => {
      let first = 0;
      return counts.map((count) => {
        const part = { first, count: count * size };
        first += part.count;
        return part;
      });
    };
    const history = (columns, of, bytes) => {
      const most = Math.min(Math.floor(bytes / columns), mostRows(columns), MOST_ROWS, this.expected ?? Infinity);
      return new RowHistory(columns, of, Math.max(2, most));
    };
    const total = counts.reduce((sum, count) => sum + count, 0);
    const channelAxis = { kind: 'channel', first: this.channels.min, step: 1, count: total };
    const frequencyAxis = frequencies && { kind: 'frequency', ...frequencies };
    this.spectra = null;
    /** @type {Picture|null} */
    this.side = null;
    if (this.viewType === ViewType.CHANNEL) {
      const title = `Spectrogram of channel ${this.channels.min}`;
      this.main = { history: history(width, parts(width), PICTURE_BYTES), axis: frequencyAxis, title };
    } else {
      const title = frequencies ? 'Band amplitude' : 'Waterfall';
      this.main = { history: history(total, parts(1), PICTURE_BYTES), axis: channelAxis, title };
    }
    if (this.viewType === ViewType.MULTICHANNEL) {
      const most = Math.max(2, Math.min(Math.floor(SPECTRA_BYTES / (total * width)), this.main.history.capacity));
      this.spectra = new RowHistory(total * width, parts(width), most);
      this.bands = counts.map(() => new BandPower(width));
      this.sideAxis = frequencyAxis;
      this.sideRows = Math.min(most, mostRows(width));
      this.select(this.channels.min + Math.floor(total / 2));
    }
  }

  /**
   * Whether a job with these headers goes on where this picture ends.
   * @param {import('./protocol.js').Header[]} headers
   */
  continues(headers) {
    const shape = (header) =>
      JSON.stringify([header.view_type, header.live, header.lines_dt, header.frequencies, header.metadata.fiber_description]);
    const same = headers[0].channels.min === this.channels.min && headers.at(-1).channels.max === this.channels.max;
    return this.live && same && headers.length === this.ends.length && shape(headers[0]) === shape(this.header);
  }

  /** Rows that come now belong to another job. */
  resume() {
    this.clock.nextJob();
  }

  /**
   * @param {number} stream
   * @param {import('./stream.js').Frame} frame
   */
  receive(stream, { rows, step, lost }) {
    this.lostBy[stream] += lost;
    for (const row of rows) {
      const at = this.clock.place(row.index, row.time);
      if (at < 0) continue;
      this.ends[stream] = Math.max(this.ends[stream], at + 1);
      if (stream === 0) this.received += 1;
      if (this.spectra) this.#spectrum(at, stream, row, step);
      else this.main.history.write(at, stream, row, step);
    }
  }

  #spectrum(at, stream, row, step) {
    this.spectra.write(at, stream, row, step);
    const band = encode(this.bands[stream].row(row.counts, row.offset, step));
    this.main.history.write(at, stream, { time: row.time, flags: row.flags, ...band }, band.step);
    const channel = this.selected - this.channels.min;
    if (this.spectra.partOf(channel * this.side.axis.count) === stream) this.#copy(at);
  }

  #copy(row) {
    if (this.spectra.has(row)) copyChannel(this.spectra, this.side.history, row, this.selected - this.channels.min);
  }

  /** Shows another channel's spectrogram beside the picture. @param {number} channel */
  select(channel) {
    if (!this.spectra) return;
    this.selected = Math.max(this.channels.min, Math.min(this.channels.max, Math.round(channel)));
    const { count } = this.sideAxis;
    const history = this.side?.history ?? new RowHistory(count, [{ first: 0, count }], this.sideRows);
    this.side = { history, axis: this.sideAxis, title: `Spectrogram of channel ${this.selected}` };
    for (let row = Math.max(this.spectra.first, this.spectra.end - this.sideRows); row < this.spectra.end; row++) {
      this.#copy(row);
    }
  }

  /** One past the newest row that all streams have brought. */
  get end() {
    const newest = Math.max(...this.ends);
    return Math.max(Math.min(...this.ends), newest - STREAM_LAG, 0);
  }

  /** Rows that the server left out, wholly or in part, because this viewer was slow. */
  get lost() {
    return Math.max(...this.lostBy);
  }

  /** The oldest row that can still be shown. */
  get first() {
    const { history } = this.main;
    return Math.max(history.first, this.clock.segments[0]?.first ?? 0);
  }

  /** UTC epoch ms of a row, which may be fractional or missing; whole rows are centres. @param {number} row */
  timeAt(row) {
    const known = this.clock.timeAt(row);
    return Number.isNaN(known) && !this.live ? this.header.view.start_time * 1000 + (row + 0.5) * this.interval * 1000 : known;
  }

  /** @param {number} channel @returns {number} metres along the fibre; NaN when the fibre does not say */
  distance(channel) {
    const { dx, fiber_start_meters: start } = this.fibre;
    return dx ? (start ?? 0) + (channel - 1) * dx : NaN;
  }

  /** `dB re 1 nm/m/s` */
  get unit() {
    return `dB re 1 ${this.header.value.unit ?? '(unit not given)'}`;
  }

  /** Seconds of the picture that are kept, and of the spectra beside it. */
  get memory() {
    const seconds = (history) => history && history.capacity * this.interval;
    return { picture: seconds(this.main.history), spectra: seconds(this.side?.history) };
  }
}
