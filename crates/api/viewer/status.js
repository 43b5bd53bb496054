/** Says how the view is doing: state, badges, progress, messages. */

import { span } from './ticks.js';

const NAMES = {
  connecting: 'Connecting',
  loading: 'Loading',
  live: 'Live',
  paused: 'Paused',
  completed: 'Completed',
  waiting: 'Waiting for fibre',
  error: 'Not running',
};

/** A live picture older than this many seconds, or this many rows, is behind. */
const BEHIND_SECONDS = 3;
const BEHIND_ROWS = 5;

const byId = (id) => document.getElementById(id);

export class Status {
  constructor() {
    this.phase = 'connecting';
    this.message = '';
  }

  /** @param {import('./session.js').Phase} phase @param {string} message */
  setPhase(phase, message) {
    this.phase = phase;
    this.message = message;
  }

  /**
   * @param {import('./model.js').Model|null} model
   * @param {import('./viewport.js').Viewport|null} viewport
   */
  show(model, viewport) {
    const paused = this.phase === 'live' && viewport && !viewport.following;
    const state = paused ? 'paused' : this.phase;
    document.body.dataset.state = state;
    const part = this.phase === 'loading' && model ? Math.min(1, model.end / model.expected) : null;
    put(byId('state'), NAMES[state] + (part === null ? '' : ` ${Math.floor(part * 100)} %`));
    byId('progress').hidden = part === null;
    byId('progress').value = part ?? 0;
    this.#showMessage(state, model);
    this.#showBehind(model);
    byId('lost').hidden = !model?.lost;
    if (model?.lost) {
      put(byId('lost'), `${model.lost} ${model.lost === 1 ? 'row' : 'rows'} dropped`);
      byId('lost').title = 'The server had to leave out rows because this page or the network was too slow.';
    }
    const pause = byId('pause');
    put(pause, viewport && !viewport.following ? 'Follow' : 'Pause');
    pause.disabled = !model?.live;
    byId('save').disabled = !model;
  }

  #showMessage(state, model) {
    const shown = Boolean(model);
    const empty = state === 'completed' && model.received === 0 ? nothing(model.header) : '';
    const waiting = state === 'connecting' && !shown ? 'Connecting to the fibre.' : '';
    const text = this.message || waiting || empty;
    byId('message').hidden = !text;
    put(byId('message'), text);
    byId('stage').classList.toggle('shown', shown);
    byId('stage').classList.toggle('stale', shown && !['live', 'paused', 'loading', 'completed'].includes(state));
  }

  #showBehind(model) {
    const badge = byId('behind');
    const seconds = this.phase === 'live' && model?.received ? (Date.now() - model.timeAt(model.end - 1)) / 1000 : 0;
    const window = model?.header.nfft ? model.header.nfft / model.header.sampling_rate / 2 : 0;
    badge.hidden = seconds < window + Math.max(BEHIND_SECONDS, BEHIND_ROWS * (model?.interval ?? 0));
    if (badge.hidden) return;
    put(badge, `${span(Math.round(seconds))} behind`);
    badge.title = 'Between the newest row and this computer’s clock.';
  }
}

/** Why a recording has no rows. @param {import('./protocol.js').Header} header */
function nothing({ nfft }) {
  return nfft
    ? `Nothing recorded in this time range fills a window of ${nfft} samples. Choose a smaller window or a longer range.`
    : 'Nothing recorded in this time range fills a row.';
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
