/** The timeline of recordings with its buttons and its note, kept up to date. */

import { recordings } from './api.js';
import { span } from './ticks.js';
import { Timeline } from './timeline.js';

const POLL_MS = 30_000;
/** The last recording, when opened by its button, shows at most this much of its end. */
const LONGEST_OPENING_MS = 600_000;

const byId = (id) => document.getElementById(id);

export class Recordings {
  /**
   * @param {(range: import('./timeline.js').Span) => void} selected
   * @param {(error: Error|null) => void} [loaded] after each look-up
   */
  constructor(selected, loaded = () => {}) {
    this.timeline = new Timeline(byId('timeline'), { selected });
    this.loaded = loaded;
    const on = (id, run) => byId(id)?.addEventListener('click', run);
    on('recording-last', () => this.chooseLast());
    on('recording-previous', () => this.timeline.chooseNeighbour(-1));
    on('recording-next', () => this.timeline.chooseNeighbour(1));
    on('recordings-all', () => this.timeline.fitAll());
  }

  /** Looks recordings up now and from now on. */
  async start() {
    setInterval(() => this.#load(), POLL_MS);
    await this.#load();
    if (!this.timeline.selection) this.timeline.fitAll();
  }

  async #load() {
    try {
      this.timeline.setRecordings(await recordings(0, Date.now() / 1000));
    } catch (error) {
      byId('recordings-note').textContent = error.message;
      this.loaded(error);
      return;
    }
    const { recordings: all } = this.timeline;
    const total = all.reduce((sum, { start, end }) => sum + end - start, 0) / 1000;
    byId('recordings-note').textContent = all.length
      ? `${all.length === 1 ? '1 recording' : `${all.length} recordings, ${span(total)} in all`}. ` +
        'Click one, or drag along the top edge.'
      : 'Nothing has been recorded yet.';
    this.loaded(null);
  }

  /** @returns {boolean} whether there is one */
  chooseLast() {
    const { last } = this.timeline;
    if (!last) return false;
    const range = { start: Math.max(last.start, last.end - LONGEST_OPENING_MS), end: last.end };
    this.timeline.fit(range);
    this.timeline.choose(range);
    return true;
  }
}
