/** The form: what the operator wants to see. */

import { ViewType, fromIso, shownSpan, toIso } from './state.js';
import { span } from './ticks.js';

const NFFT = Array.from({ length: 10 }, (_, i) => 128 << i);

/** Which controls a field of the request belongs to. */
const FIELDS = {
  '$.view_type': ['view-type'],
  '$.channels': ['channels-min', 'channels-max'],
  '$.channels.min': ['channels-min'],
  '$.channels.max': ['channels-max'],
  '$.frequencyRange': ['band-min', 'band-max'],
  '$.frequencyRange.min': ['band-min'],
  '$.frequencyRange.max': ['band-max'],
  '$.nfftSelection': ['nfft'],
  '$.displayInfo': ['height'],
  '$.displayInfo.height': ['height'],
  '$.displayTimeAxisDuration': ['span'],
  '$.start_time': ['start-time'],
  '$.end_time': ['end-time'],
};

const byId = (id) => document.getElementById(id);

/** A value that the form cannot turn into a request. */
export class FormError extends Error {
  /** @param {string} message @param {string[]} ids */
  constructor(message, ids) {
    super(message);
    this.ids = ids;
  }
}

export class Controls {
  /**
   * @param {HTMLFormElement} form
   * @param {{apply: () => void, source: (live: boolean) => void}} handlers
   *   `apply`: show what the form says; `source`: live or recording was chosen
   */
  constructor(form, { apply, source }) {
    this.form = form;
    this.bounds = { channels: { min: 1, max: 1 }, nyquist: null };
    byId('nfft').replaceChildren(...NFFT.map((size) => new Option(String(size), String(size))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      apply();
    });
    form.addEventListener('input', () => this.#changed());
    form.addEventListener('change', ({ target }) => {
      if (target.name === 'view') apply();
      if (target.name === 'source') source(target.value === 'live');
    });
  }

  #changed() {
    this.form.classList.add('changed');
    this.#showRelevant();
  }

  /** @param {import('./state.js').Range} channels of the fibre @param {number|null} nyquist Hz */
  setBounds(channels, nyquist) {
    // What stood for all of the fibre before stands for all of it now.
    const whole = [
      ['channels-min', this.bounds?.channels.min, channels.min],
      ['channels-max', this.bounds?.channels.max, channels.max],
      ['band-max', this.bounds?.nyquist, nyquist],
    ];
    for (const [id, before, now] of whole) {
      if (byId(id).value === String(before)) byId(id).value = now ?? '';
    }
    this.bounds = { channels, nyquist };
    byId('channels-min').placeholder = String(channels.min);
    byId('channels-max').placeholder = String(channels.max);
    byId('band-min').placeholder = '0';
    byId('band-max').placeholder = nyquist === null ? '' : String(nyquist);
  }

  /** @param {number} most largest window of a multichannel view */
  setMostNfft(most) {
    this.mostNfft = most;
    this.#showRelevant();
  }

  /** @param {import('./state.js').State} state */
  fill(state) {
    const { bounds } = this;
    const set = (id, value) => {
      byId(id).value = value ?? '';
    };
    byId(state.period ? 'source-recording' : 'source-live').checked = true;
    byId(`view-type-${state.viewType}`).checked = true;
    set('start-time', state.period && readable(state.period.start));
    set('end-time', state.period && readable(state.period.end));
    set('channels-min', (state.channels ?? bounds.channels).min);
    set('channels-max', (state.channels ?? bounds.channels).max);
    set('band-min', state.band?.min ?? 0);
    set('band-max', state.band?.max ?? bounds.nyquist);
    set('nfft', state.nfft);
    set('span', state.span);
    set('height', state.rows);
    this.form.classList.remove('changed');
    this.clearFaults();
    this.#showRelevant();
  }

  /**
   * @param {import('./state.js').State} state what stays as it is
   * @returns {import('./state.js').State}
   * @throws {FormError}
   */
  read(state) {
    const { bounds } = this;
    const number = (id) => {
      const field = byId(id);
      if (field.validity.badInput) throw new FormError(`“${labelOf(field)}” must be a number.`, [id]);
      return field.value === '' ? null : Number(field.value);
    };
    const range = (name, whole) => {
      const [min, max] = [number(`${name}-min`) ?? whole.min, number(`${name}-max`) ?? whole.max];
      return min === whole.min && max === whole.max ? null : { min, max };
    };
    return {
      ...state,
      viewType: Number(this.form.elements.view.value),
      channels: range('channels', bounds.channels),
      band: range('band', { min: 0, max: bounds.nyquist }),
      nfft: Number(byId('nfft').value),
      span: number('span') ?? 60,
      rows: number('height'),
      period: this.live ? null : { start: time('start-time'), end: time('end-time') },
    };
  }

  /** Whether live is chosen. */
  get live() {
    return byId('source-live').checked;
  }

  /** Shows which channels a drag on the overview stands for. @param {import('./state.js').Range} channels */
  setChannels({ min, max }) {
    byId('channels-min').value = min;
    byId('channels-max').value = max;
    this.#changed();
  }

  /** What the form says now, when that can be read. @returns {import('./state.js').Range} */
  get channels() {
    const value = (id, fallback) => Number(byId(id).value || fallback);
    const min = value('channels-min', this.bounds.channels.min);
    return { min, max: this.#single ? min : value('channels-max', this.bounds.channels.max) };
  }

  get #single() {
    return Number(this.form.elements.view.value) === ViewType.CHANNEL;
  }

  /** @param {{path: string, message: string}[]} faults as the server reports them */
  markFaults(faults) {
    this.mark(faults.flatMap(({ path }) => FIELDS[path] ?? []));
  }

  /** @param {string[]} ids */
  mark(ids) {
    for (const id of ids) {
      byId(id).setAttribute('aria-invalid', 'true');
      byId(id).setAttribute('aria-describedby', 'error');
    }
  }

  clearFaults() {
    for (const field of this.form.querySelectorAll('[aria-invalid]')) {
      field.removeAttribute('aria-invalid');
      field.removeAttribute('aria-describedby');
    }
  }

  /** @param {import('./state.js').State} state @param {number} interval seconds between rows */
  showResolution(state, interval) {
    const rows = Math.round(shownSpan(state) / interval);
    byId('resolution').textContent = `One row every ${span(interval)}, ${rows} on the display.`;
  }

  #showRelevant() {
    const view = Number(this.form.elements.view.value);
    const relevant = {
      recording: !this.live,
      live: this.live,
      many: view !== ViewType.CHANNEL,
      spectrum: view !== ViewType.WATERFALL,
    };
    for (const part of this.form.querySelectorAll('[data-for]')) part.hidden = !relevant[part.dataset.for];
    byId('channels-min-label').textContent = relevant.many ? 'From' : 'Channel';
    byId('channels-legend').textContent = relevant.many ? 'Channels' : 'Channel';
    for (const option of byId('nfft').options) {
      option.disabled = view === ViewType.MULTICHANNEL && Number(option.value) > (this.mostNfft ?? Infinity);
    }
  }
}

function time(id) {
  const seconds = fromIso(byId(id).value);
  if (seconds === null) {
    throw new FormError(`“${labelOf(byId(id))}” must be a UTC time such as 2016-03-21 07:37:30.`, [id]);
  }
  return seconds;
}

const labelOf = (field) => field.labels[0].textContent.trim();

const readable = (seconds) => toIso(seconds).replace('T', ' ').replace('Z', '');
