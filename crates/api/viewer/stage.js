/** The pictures on the screen: lays them out and draws them when something has changed. */

import { Contrast, measure } from './contrast.js';
import { RowTexture, Surface } from './gl.js';
import { arrange, toDevice } from './layout.js';
import { drawOverlay, shownRow } from './overlay.js';

const MEASURE_MS = 250;
const KEYS = /** @type {const} */ (['main', 'side']);

export class Stage {
  /**
   * @param {{picture: HTMLCanvasElement, overlay: HTMLCanvasElement}} elements
   * @param {() => void} drawn called after each drawing
   * @throws {Error} when the browser has no WebGL2
   */
  constructor({ picture, overlay }, drawn) {
    this.picture = picture;
    this.overlay = overlay;
    this.drawn = drawn;
    this.context = overlay.getContext('2d');
    this.surface = new Surface(picture);
    this.contrast = { main: new Contrast(), side: new Contrast() };
    this.model = null;
    this.viewport = null;
    this.cursor = null;
    this.panels = [];
    this.textures = {};
    this.measured = -Infinity;
    this.settled = 0;
    this.complete = false;
    this.reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
    new ResizeObserver(() => this.#resize()).observe(overlay);
    picture.addEventListener('webglcontextlost', (event) => event.preventDefault());
    picture.addEventListener('webglcontextrestored', () => this.#restore());
    this.#resize();
  }

  /** @param {string} name */
  setColormap(name) {
    this.map = name;
    this.surface.setColormap(name);
    this.invalidate();
  }

  /** @param {import('./model.js').Model|null} model @param {import('./viewport.js').Viewport|null} viewport */
  show(model, viewport) {
    this.model = model;
    this.viewport = viewport;
    this.cursor = null;
    this.complete = false;
    this.#dropTextures();
    KEYS.forEach((key) => this.contrast[key].reset());
    this.#arrange();
    this.invalidate();
  }

  /** How many rows of pixels a picture has. */
  get rowsThatFit() {
    const [{ image }] = arrange(this.overlay.clientWidth, this.overlay.clientHeight, false);
    return Math.max(64, Math.round(image.height));
  }

  /** Draws with the next frame of the display. */
  invalidate() {
    this.request ??= requestAnimationFrame((now) => {
      this.request = undefined;
      this.#draw(now);
    });
  }

  /** What is visible has changed so much that the contrast should not glide there. */
  remeasure() {
    this.measured = -Infinity;
    KEYS.forEach((key) => this.contrast[key].reset());
    this.invalidate();
  }

  /** The row that the read-out speaks of. */
  get row() {
    return shownRow(this.model, this.viewport, this.cursor);
  }

  #arrange() {
    this.panels = arrange(this.overlay.clientWidth, this.overlay.clientHeight, Boolean(this.model?.side));
  }

  #resize() {
    this.ratio = Math.min(devicePixelRatio, 2);
    for (const canvas of [this.picture, this.overlay]) {
      canvas.width = Math.max(1, Math.round(this.overlay.clientWidth * this.ratio));
      canvas.height = Math.max(1, Math.round(this.overlay.clientHeight * this.ratio));
    }
    this.#arrange();
    this.#draw(performance.now());
  }

  #restore() {
    this.surface = new Surface(this.picture);
    this.surface.setColormap(this.map);
    this.textures = {};
    this.invalidate();
  }

  #dropTextures() {
    Object.values(this.textures).forEach((texture) => texture.delete());
    this.textures = {};
  }

  #draw(now) {
    const { surface, context, model, viewport } = this;
    surface.clear();
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.overlay.clientWidth, this.overlay.clientHeight);
    if (model) {
      this.#settleContrast(now);
      const received = model.expected ? [0, this.complete ? model.expected : model.end] : [model.first, model.end];
      for (const { key, image } of this.panels) {
        this.textures[key] ??= new RowTexture(surface, model[key].history);
        const visible = { rows: viewport.rows, columns: viewport.columns[key] };
        surface.draw(this.textures[key], toDevice(image, this.ratio), visible, received, this.contrast[key].levels);
      }
      drawOverlay(context, this.scene);
    }
    this.drawn();
  }

  #settleContrast(now) {
    if (now - this.measured > MEASURE_MS) {
      this.measured = now;
      for (const { key } of this.panels) {
        const visible = { rows: this.viewport.rows, columns: this.viewport.columns[key] };
        const { history, axis } = this.model[key];
        this.contrast[key].aim(measure(history, axis.kind, visible));
      }
    }
    const elapsed = this.reducedMotion.matches ? Infinity : now - this.settled;
    this.settled = now;
    const moved = this.panels.map(({ key }) => this.contrast[key].settle(elapsed));
    if (moved.includes(true)) this.invalidate();
  }

  /** @returns {import('./overlay.js').Scene} */
  get scene() {
    const { model, viewport, panels, map, cursor } = this;
    return { model, viewport, panels, map, cursor, levels: { main: this.contrast.main.levels, side: this.contrast.side.levels } };
  }
}
