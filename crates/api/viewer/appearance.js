/** The toolbar's part of how pictures look: colour map and contrast. Nothing here asks the server for anything. */

import { COLORMAPS } from './colormaps.js';

const byId = (id) => document.getElementById(id);

export class Appearance {
  /**
   * @param {import('./stage.js').Stage} stage
   * @param {(patch: Partial<import('./state.js').State>) => void} keep what was changed
   */
  constructor(stage, keep) {
    this.stage = stage;
    this.keep = keep;
    byId('colormap').replaceChildren(...COLORMAPS.map((name) => new Option(name, name)));
    byId('colormap').addEventListener('change', ({ target }) => this.#setMap(target.value));
    byId('contrast-auto').addEventListener('click', () => this.toggleAutomatic());
    for (const end of ['low', 'high']) {
      byId(`contrast-${end}`).addEventListener('change', ({ target }) => this.#setLevel(end, target.value));
    }
  }

  /** @param {import('./state.js').State} state */
  apply({ map, contrast }) {
    byId('colormap').value = map;
    this.stage.setColormap(map);
    this.stage.contrast.main.manual = contrast && { ...contrast };
  }

  /** Shows the levels that are in use. */
  show() {
    const { main } = this.stage.contrast;
    for (const end of ['low', 'high']) {
      const field = byId(`contrast-${end}`);
      if (this.stage.model && document.activeElement !== field) field.value = main.levels[end].toFixed(1);
    }
    byId('contrast-auto').setAttribute('aria-pressed', String(!main.manual));
  }

  nextMap() {
    this.#setMap(COLORMAPS[(COLORMAPS.indexOf(this.stage.map) + 1) % COLORMAPS.length]);
  }

  /** From automatic to the levels of this moment, or back. */
  toggleAutomatic() {
    const { main, side } = this.stage.contrast;
    main.manual = main.manual ? null : { ...main.levels };
    side.manual = null;
    if (!main.manual) this.stage.remeasure();
    this.changed();
  }

  /** The levels were set on the stage. */
  changed() {
    const { manual } = this.stage.contrast.main;
    this.stage.invalidate();
    this.keep({ contrast: manual && { low: Number(manual.low.toFixed(1)), high: Number(manual.high.toFixed(1)) } });
  }

  #setMap(map) {
    byId('colormap').value = map;
    this.stage.setColormap(map);
    this.keep({ map });
  }

  #setLevel(end, text) {
    const { main } = this.stage.contrast;
    const levels = { ...main.levels, [end]: Number(text) };
    if (text !== '' && levels.low < levels.high) main.manual = levels;
    this.changed();
  }
}
