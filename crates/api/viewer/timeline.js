/** What has been recorded, from years to seconds: pan, zoom, select a range. */

import { drawTimeline, TOP } from './timeline-draw.js';

const YEAR = 365.25 * 86400e3;
const SHORTEST = 100;
/** A range that is shown has this much of its length around it, on either side. */
const ROOM = 0.5;
const LONGEST = 60 * YEAR;
const HANDLE_PIXELS = 6;
const CLICK_PIXELS = 4;
const ZOOM = 1.002;

/** @typedef {{start: number, end: number}} Span UTC epoch ms */

/** @typedef {object} TimelineHandlers
 * @property {(range: Span) => void} selected a range was chosen, by drag, click or key
 * @property {(range: Span|null) => void} [hovered]
 */

export class Timeline {
  /** @param {HTMLCanvasElement} canvas @param {TimelineHandlers} handlers */
  constructor(canvas, handlers) {
    this.canvas = canvas;
    this.handlers = handlers;
    /** @type {Span[]} sorted */
    this.recordings = [];
    /** @type {Span|null} */
    this.selection = null;
    const now = Date.now();
    /** @type {Span} */
    this.view = { start: now - YEAR, end: now + YEAR / 20 };
    this.pointers = new Map();
    this.drag = null;
    this.hover = null;
    this.#bind();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** @param {[number, number][]} recordings epoch seconds */
  setRecordings(recordings) {
    this.recordings = recordings.map(([start, end]) => ({ start: start * 1000, end: end * 1000 }));
    this.draw();
  }

  /** @param {Span|null} range */
  select(range) {
    this.selection = range;
    this.draw();
  }

  /** Selects a range and makes sure that it can be seen. @param {Span|null} range */
  show(range) {
    this.select(range);
    if (!range) return;
    const { start, end } = this.view;
    const outside = range.start < start || range.end > end;
    if (outside || range.end - range.start < (end - start) / 50) this.fit(range);
  }

  /** Shows all that was recorded. */
  fitAll() {
    if (this.recordings.length === 0) return;
    this.fit({ start: this.recordings[0].start, end: Math.max(...this.recordings.map(({ end }) => end)) });
  }

  /** @param {Span} span with some room around it */
  fit({ start, end }) {
    const room = Math.max((end - start) * ROOM, SHORTEST);
    this.setView(start - room, end + room);
  }

  /** @returns {Span|undefined} */
  get last() {
    return this.recordings.at(-1);
  }

  /** @param {number} start @param {number} end */
  setView(start, end) {
    const length = Math.max(SHORTEST, Math.min(LONGEST, end - start));
    const middle = (start + end) / 2;
    this.view = { start: middle - length / 2, end: middle + length / 2 };
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const ratio = Math.min(devicePixelRatio, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext('2d');
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawTimeline(ctx, this, width, height);
  }

  /** @param {number} time */
  toX(time) {
    const { start, end } = this.view;
    return ((time - start) / (end - start)) * this.canvas.clientWidth;
  }

  /** @param {number} x */
  toTime(x) {
    const { start, end } = this.view;
    return start + (x / this.canvas.clientWidth) * (end - start);
  }

  #zoom(factor, x) {
    const anchor = this.toTime(x);
    const { start, end } = this.view;
    const most = LONGEST / (end - start);
    const by = Math.max(SHORTEST / (end - start), Math.min(most, factor));
    this.setView(anchor - (anchor - start) * by, anchor + (end - anchor) * by);
  }

  #pan(time) {
    this.setView(this.view.start + time, this.view.end + time);
  }

  /** Which end of the selection lies under the pointer. */
  #handleAt(x) {
    if (!this.selection) return null;
    const ends = ['start', 'end'].filter((end) => Math.abs(this.toX(this.selection[end]) - x) < HANDLE_PIXELS);
    return ends.at(-1) ?? null;
  }

  #recordingAt(x) {
    const [from, to] = [this.toTime(x - 3), this.toTime(x + 3)];
    return this.recordings.findLast(({ start, end }) => start <= to && end >= from);
  }

  /** @param {Span} range */
  choose(range) {
    this.selection = range;
    this.draw();
    this.handlers.selected(range);
  }

  /** Chooses a whole recording and shows it. @param {Span|undefined} recording */
  chooseRecording(recording) {
    if (!recording) return;
    const { start, end } = recording;
    this.fit({ start, end });
    this.choose({ start, end });
  }

  /** @param {1|-1} direction */
  chooseNeighbour(direction) {
    const at = this.selection ? this.selection.start : this.view.end;
    const next =
      direction > 0
        ? this.recordings.find(({ start }) => start > at + 1)
        : this.recordings.findLast(({ start }) => start < at - 1);
    this.chooseRecording(next);
  }

  #bind() {
    const { canvas } = this;
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        this.#pan((event.deltaX / canvas.clientWidth) * (this.view.end - this.view.start));
      } else {
        this.#zoom(ZOOM ** (event.deltaY * (event.ctrlKey ? 4 : 1)), event.offsetX);
      }
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', (event) => {
      this.pointers.delete(event.pointerId);
      this.drag = null;
    });
    canvas.addEventListener('pointerleave', () => {
      this.hover = null;
      this.draw();
    });
    canvas.addEventListener('keydown', (event) => this.#key(event));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    const x = event.offsetX;
    const end = this.#handleAt(x);
    const selecting = event.shiftKey || event.offsetY < TOP;
    if (end) this.drag = { kind: 'handle', end, x };
    else if (selecting) this.drag = { kind: 'select', from: this.toTime(x), x };
    else this.drag = { kind: 'pan', x, last: x };
  }

  #move(event) {
    const x = event.offsetX;
    this.hover = { x, y: event.offsetY };
    if (this.pointers.size === 2 && this.pointers.has(event.pointerId)) return this.#pinch(event);
    const { drag } = this;
    if (!drag) {
      const select = event.shiftKey || event.offsetY < TOP;
      this.canvas.style.cursor = this.#handleAt(x) ? 'ew-resize' : select ? 'crosshair' : 'grab';
      return this.draw();
    }
    drag.moved ||= Math.abs(x - drag.x) > CLICK_PIXELS;
    if (!drag.moved) return undefined;
    if (drag.kind === 'pan') {
      this.#pan(this.toTime(drag.last) - this.toTime(x));
      drag.last = x;
    } else if (drag.kind === 'handle') {
      this.selection = { ...this.selection, [drag.end]: this.toTime(x) };
    } else {
      const time = this.toTime(x);
      this.selection = { start: Math.min(drag.from, time), end: Math.max(drag.from, time) };
    }
    return this.draw();
  }

  #pinch(event) {
    const [a, b] = [...this.pointers.values()];
    const before = Math.abs(a - b);
    this.pointers.set(event.pointerId, event.offsetX);
    const [c, d] = [...this.pointers.values()];
    this.drag = null;
    this.#zoom(before / Math.max(1, Math.abs(c - d)), (c + d) / 2);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (!drag.moved) {
      const recording = drag.kind !== 'handle' && this.#recordingAt(event.offsetX);
      if (recording) this.choose({ ...recording });
    } else if (drag.kind !== 'pan') {
      const { start, end } = this.selection;
      if (start !== end) this.choose({ start: Math.min(start, end), end: Math.max(start, end) });
    }
  }

  #key(event) {
    const length = this.view.end - this.view.start;
    const middle = this.canvas.clientWidth / 2;
    const moves = {
      ArrowLeft: () => (event.shiftKey ? this.#shift(-1) : this.#pan(-length / 10)),
      ArrowRight: () => (event.shiftKey ? this.#shift(1) : this.#pan(length / 10)),
      '+': () => this.#zoom(1 / 1.5, middle),
      '-': () => this.#zoom(1.5, middle),
      Home: () => this.chooseRecording(this.recordings[0]),
      End: () => this.chooseRecording(this.last),
      '[': () => this.chooseNeighbour(-1),
      ']': () => this.chooseNeighbour(1),
      Enter: () => this.selection && this.choose(this.selection),
      0: () => this.fitAll(),
    };
    if (event.ctrlKey || event.metaKey || !moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }

  /** Moves the selection by a tenth of its length; Enter shows it. */
  #shift(direction) {
    if (!this.selection) return;
    const { start, end } = this.selection;
    const by = (direction * (end - start)) / 10;
    this.select({ start: start + by, end: end + by });
  }
}
