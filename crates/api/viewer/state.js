/** What the page shows, how it is written in the address, and the request that it becomes. */

import { COLORMAPS } from './colormaps.js';

/** The contract's numbers for the three kinds of picture. */
export const ViewType = Object.freeze({ MULTICHANNEL: 0, CHANNEL: 1, WATERFALL: 2 });

const NAMES = ['multichannel', 'channel', 'waterfall'];

/** The server gives a waterfall's row interval as this many seconds divided by the height. */
const WATERFALL_SECONDS = 10;

/** @typedef {{min: number, max: number}} Range */

/** @typedef {object} State
 * @property {number} viewType
 * @property {Range|null} channels null: all
 * @property {Range|null} band Hz; null: all
 * @property {number} nfft
 * @property {number} span seconds that a live picture shows at once
 * @property {number|null} rows rows of the picture; null: as many as fit the display
 * @property {{start: number, end: number}|null} period epoch seconds; null: live
 * @property {string} map
 * @property {{low: number, high: number}|null} contrast dB; null: automatic
 * @property {number|null} channel the channel whose spectrum is shown beside the picture
 */

/** A newcomer's view: the whole fibre for the last minute. @returns {State} */
export const initialState = () => ({
  viewType: ViewType.WATERFALL,
  channels: null,
  band: null,
  nfft: 1024,
  span: 60,
  rows: null,
  period: null,
  map: COLORMAPS[0],
  contrast: null,
  channel: null,
});

/** @param {State} state @returns {string} what follows `#` in the address; only what differs from the default */
export function toHash(state) {
  const initial = initialState();
  const fields = new URLSearchParams();
  const put = (name, value) => fields.set(name, value);
  put('view', NAMES[state.viewType]);
  if (state.channels) put('channels', `${state.channels.min}..${state.channels.max}`);
  if (state.band) put('band', `${state.band.min}..${state.band.max}`);
  if (state.nfft !== initial.nfft) put('nfft', String(state.nfft));
  if (state.span !== initial.span) put('span', String(state.span));
  if (state.rows) put('rows', String(state.rows));
  if (state.period) {
    put('start', toIso(state.period.start));
    put('end', toIso(state.period.end));
  }
  if (state.map !== initial.map) put('map', state.map);
  if (state.contrast) put('contrast', `${state.contrast.low}..${state.contrast.high}`);
  if (state.channel) put('channel', String(state.channel));
  return fields.toString().replaceAll('%3A', ':');
}

/** @param {string} hash with or without `#` @returns {State} */
export function fromHash(hash) {
  const state = initialState();
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (name) => {
    const value = Number(fields.get(name));
    return fields.get(name) && Number.isFinite(value) ? value : null;
  };
  const pair = (name) => {
    const ends = (fields.get(name) ?? '').split('..').map(Number);
    return fields.get(name) && ends.length === 2 && ends.every(Number.isFinite) ? ends : null;
  };
  const viewType = NAMES.indexOf(fields.get('view'));
  if (viewType >= 0) state.viewType = viewType;
  for (const name of ['channels', 'band']) {
    const ends = pair(name);
    if (ends) state[name] = { min: ends[0], max: ends[1] };
  }
  for (const name of ['nfft', 'span', 'rows', 'channel']) state[name] = number(name) ?? state[name];
  const [start, end] = [fromIso(fields.get('start')), fromIso(fields.get('end'))];
  if (start !== null && end !== null) state.period = { start, end };
  if (COLORMAPS.includes(fields.get('map'))) state.map = fields.get('map');
  const contrast = pair('contrast');
  if (contrast) state.contrast = { low: contrast[0], high: contrast[1] };
  return state;
}

/** @param {number} seconds @returns {string} */
export const toIso = (seconds) => new Date(Math.round(seconds * 1000)).toISOString().replace(/\.?0*Z$/, 'Z');

/**
 * @param {string|null} text a UTC time as this page writes it, with a space or a T
 * @returns {number|null} epoch seconds
 */
export function fromIso(text) {
  const match = /^\s*(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(?:Z|UTC)?\s*$/i.exec(text ?? '');
  if (!match) return null;
  const time = Date.parse(`${match[1]}T${match[2] ?? '00:00'}Z`);
  return Number.isNaN(time) ? null : time / 1000;
}

/** Seconds that the whole picture stands for. @param {State} state */
export const shownSpan = (state) => (state.period ? state.period.end - state.period.start : state.span);

/**
 * @param {State} state
 * @param {{rows: number, channels: Range, samplingRate: number|null}} defaults what the display and the fibre suggest
 * @returns {object} the body of `POST configure`
 */
export function toRequest(state, defaults) {
  const span = shownSpan(state);
  const most = defaults.samplingRate ? Math.floor(span * defaults.samplingRate) : Infinity;
  const rows = state.rows ?? Math.max(1, Math.min(defaults.rows, most));
  const channels = state.channels ?? defaults.channels;
  const request = {
    view_type: state.viewType,
    channels: state.viewType === ViewType.CHANNEL ? { min: channels.min, max: channels.min } : channels,
    displayInfo: { height: rows },
  };
  if (state.viewType === ViewType.WATERFALL) {
    request.displayInfo.height = Math.max(1, Math.round((rows * WATERFALL_SECONDS) / span));
  } else {
    request.displayTimeAxisDuration = span;
    request.nfftSelection = state.nfft;
    if (state.band) request.frequencyRange = state.band;
  }
  if (state.period) {
    request.start_time = state.period.start;
    request.end_time = state.period.end;
  } else {
    request.withPast = true;
  }
  return request;
}
