/** The whole fibre in a strip: how strong each channel is, and which ones the view shows. Drag to choose. */

const BACKGROUND = '#0e1216';
const CURVE = '#5b8f95';
const CHOSEN = 'rgb(134 207 211 / 0.16)';
const EDGE = '#86cfd3';
const GRIP_PIXELS = 7;
const SMALL = 1;

export class Overview {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => import('./state.js').Range} chosen the channels that the form says
   * @param {(channels: import('./state.js').Range, done: boolean) => void} changed
   */
  constructor(canvas, chosen, changed) {
    this.canvas = canvas;
    this.chosen = chosen;
    this.changed = changed;
    this.whole = { min: 1, max: 1 };
    /** dB per channel of the fibre. */
    this.values = new Float32Array(0);
    this.drag = null;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', () => this.#up());
    canvas.addEventListener('pointercancel', () => this.#up());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** @param {import('./state.js').Range} whole the channels of the fibre */
  setWhole(whole) {
    this.whole = whole;
    this.values = new Float32Array(whole.max - whole.min + 1).fill(NaN);
    this.draw();
  }

  /** Forgets what it showed, for another unit. */
  clear() {
    this.values.fill(NaN);
  }

  /** @param {number} first channel @param {Float32Array} values dB of it and those after it */
  update(first, values) {
    const at = first - this.whole.min;
    if (at < 0 || at + values.length > this.values.length) return;
    this.values.set(values, at);
    this.draw();
  }

  get #count() {
    return this.whole.max - this.whole.min + 1;
  }

  #x(channel) {
    return ((channel - this.whole.min) / this.#count) * this.canvas.clientWidth;
  }

  #channel(x) {
    const channel = Math.floor(this.whole.min + (x / this.canvas.clientWidth) * this.#count);
    return Math.max(this.whole.min, Math.min(this.whole.max, channel));
  }

  draw() {
    const { canvas, values } = this;
    const ratio = Math.min(devicePixelRatio, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext('2d');
    ctx.scale(ratio, ratio);
    ctx.fillStyle = BACKGROUND;
    ctx.fillRect(0, 0, width, height);
    const { min, max } = this.chosen();
    const [left, right] = [this.#x(min), this.#x(max + 1)];
    ctx.fillStyle = CHOSEN;
    ctx.fillRect(left, 0, Math.max(2, right - left), height);
    const known = values.filter((value) => !Number.isNaN(value));
    const low = known.reduce((a, b) => Math.min(a, b), Infinity);
    const span = Math.max(SMALL, known.reduce((a, b) => Math.max(a, b), -Infinity) - low);
    ctx.fillStyle = CURVE;
    for (let x = 0; x < width; x++) {
      const from = Math.floor((x / width) * values.length);
      const to = Math.max(from + 1, Math.floor(((x + 1) / width) * values.length));
      const largest = values.subarray(from, to).reduce((a, b) => (b > a || Number.isNaN(a) ? b : a), NaN);
      const bar = ((largest - low) / span) * (height - 10) + 3;
      if (bar > 0) ctx.fillRect(x, height - bar, 1, bar);
    }
    ctx.fillStyle = EDGE;
    ctx.fillRect(left, 0, 2, height);
    ctx.fillRect(Math.max(left + 2, right - 2), 0, 2, height);
  }

  #partAt(x) {
    const { min, max } = this.chosen();
    if (Math.abs(x - this.#x(min)) < GRIP_PIXELS && min !== max) return 'min';
    if (Math.abs(x - this.#x(max + 1)) < GRIP_PIXELS && min !== max) return 'max';
    const whole = min <= this.whole.min && max >= this.whole.max;
    return x > this.#x(min) && x < this.#x(max + 1) && !whole ? 'both' : 'new';
  }

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const channel = this.#channel(event.offsetX);
    this.drag = { part: this.#partAt(event.offsetX), from: channel, was: this.chosen(), moved: false };
  }

  #move(event) {
    const { drag } = this;
    if (!drag) {
      const part = this.#partAt(event.offsetX);
      this.canvas.style.cursor = { both: 'grab', new: 'crosshair' }[part] ?? 'ew-resize';
      return;
    }
    const channel = this.#channel(event.offsetX);
    drag.moved ||= channel !== drag.from;
    if (!drag.moved) return;
    const { min, max } = drag.was;
    const shift = Math.max(this.whole.min - min, Math.min(this.whole.max - max, channel - drag.from));
    const ends = {
      min: [Math.min(channel, max), max],
      max: [min, Math.max(channel, min)],
      both: [min + shift, max + shift],
      new: [Math.min(channel, drag.from), Math.max(channel, drag.from)],
    }[drag.part];
    this.changed({ min: ends[0], max: ends[1] }, false);
    this.draw();
  }

  #up() {
    if (this.drag?.moved) this.changed(this.chosen(), true);
    this.drag = null;
  }
}
