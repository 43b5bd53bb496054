/** The viewer page: puts the parts together. */

import { info, liveMetadata, recordedFibre } from './api.js';
import { Appearance } from './appearance.js';
import { Controls, FormError } from './controls.js';
import { savePng } from './export.js';
import { showFibre, showHealth } from './fibre.js';
import { levelHandles } from './levels.js';
import { Model } from './model.js';
import { Overview } from './overview.js';
import { bindPointer } from './pointer.js';
import { describe, showReadout } from './readout.js';
import { Recordings } from './recordings.js';
import { Session } from './session.js';
import { bindShortcuts } from './shortcuts.js';
import { Stage } from './stage.js';
import { ViewType, fromHash, shownSpan, toHash, toRequest } from './state.js';
import { Status } from './status.js';
import { fullTime, span } from './ticks.js';
import { Viewport } from './viewport.js';

const FIBRE_POLL_MS = 10_000;
const TICK_MS = 500;

const byId = (id) => document.getElementById(id);

class Viewer {
  constructor() {
    /** What is shown; `wanted` becomes this once the server has accepted it. */
    this.state = fromHash(location.hash);
    this.wanted = this.state;
    this.model = null;
    this.viewport = null;
    this.fibre = null;
    this.mostChannels = Infinity;
    this.status = new Status();
    this.stage = new Stage({ picture: byId('picture'), overlay: byId('overlay') }, () => this.#drawn());
    this.session = new Session({
      phase: (phase, message, error) => this.#phase(phase, message, error),
      refused: (error) => {
        this.wanted = this.state;
        this.#fault(error);
      },
      headers: (headers) => this.#begin(headers),
      frame: (stream, frame) => this.#frame(stream, frame),
    });
    this.appearance = new Appearance(this.stage, (patch) => this.#keepAppearance(patch));
    this.controls = new Controls(byId('controls'), {
      apply: () => this.#applyForm(),
      source: (live) => this.#chooseSource(live),
    });
    this.recordings = new Recordings((range) => this.#showRange(range));
    this.overview = new Overview(
      byId('overview'),
      () => this.controls.channels,
      (channels, done) => {
        this.controls.setChannels(channels);
        if (done) this.#applyForm();
      },
    );
    this.placeHandles = levelHandles(byId('stage'), this.stage, () => this.appearance.changed());
    this.#bindToolbar();
    this.#bindPicture();
    this.#bindKeys();
    this.#applyAppearance();
    this.#bindPage();
  }

  async start() {
    await Promise.all([this.#loadFibre(), this.#loadLimits()]);
    this.controls.fill(this.state);
    this.#run(this.state);
    await this.recordings.start();
  }

  // What the server says of itself

  async #loadFibre() {
    const fibre = await liveMetadata().catch(() => null);
    if (!fibre) return;
    showFibre(byId('fibre'), fibre);
    // While it is away the controls stay as they are: it is likely to come back.
    if (!fibre.number_of_channels && this.fibre?.number_of_channels) return;
    const same = this.fibre?.number_of_channels === fibre.number_of_channels;
    this.fibre = fibre;
    if (same || this.wanted?.period) return;
    this.#bound(fibre);
    if (!byId('controls').classList.contains('changed')) this.controls.fill(this.wanted);
  }

  /** The fibre that a view shows: a recording may be of another one than the live one. */
  async #fibreOf(wanted) {
    if (!wanted.period && !this.fibre?.number_of_channels) await this.#loadFibre();
    // A recording that cannot be asked will be refused with the reason when it is configured.
    const recorded = wanted.period && (await recordedFibre(wanted.period).catch(() => null));
    const fibre = recorded ?? this.fibre;
    this.#bound(fibre);
    return fibre;
  }

  /** Makes the controls those of `fibre`. */
  #bound(fibre) {
    this.controls.setBounds(this.#wholeOf(fibre), fibre?.sampling_rate ? fibre.sampling_rate / 2 : null);
    const max = fibre?.number_of_channels || 1;
    if (this.overview.whole?.max !== max) this.overview.setWhole({ min: 1, max });
  }

  /** The channels of a view of `fibre` that names none. */
  #wholeOf(fibre) {
    return { min: 1, max: Math.min(fibre?.number_of_channels || 1, this.mostChannels) };
  }

  async #loadLimits() {
    const { limits } = await info().catch(() => ({}));
    this.mostChannels = limits?.max_channels ?? Infinity;
    this.controls.setMostNfft(limits?.max_multichannel_nfft ?? Infinity);
  }

  // One view after the other

  /** @param {import('./state.js').State} wanted */
  #run(wanted) {
    this.wanted = wanted;
    this.#clearFault();
    this.recordings.timeline.show(wanted.period && toSpan(wanted.period));
    this.session.start(wanted.period === null, async () => {
      const fibre = await this.#fibreOf(wanted);
      return toRequest(wanted, {
        rows: this.stage.rowsThatFit,
        channels: this.#wholeOf(fibre),
        samplingRate: fibre?.sampling_rate ?? null,
      });
    });
  }

  #begin(headers) {
    if (this.model && this.state === this.wanted && this.model.continues(headers)) {
      this.model.resume();
      return;
    }
    this.state = this.wanted;
    byId('picture').dataset.rows = '0';
    this.model = new Model(headers, (columns) => this.stage.surface.mostRows(columns));
    if (this.state.channel) this.model.select(this.state.channel);
    this.viewport = new Viewport(this.model, Math.max(1, Math.round(shownSpan(this.state) / this.model.interval)));
    this.stage.show(this.model, this.viewport);
    const { viewType } = this.model;
    if (viewType !== ViewType.CHANNEL && viewType !== this.overviewOf) {
      this.overview.clear();
      this.overviewOf = viewType;
    }
    this.controls.fill(this.state);
    this.overview.draw();
    this.controls.showResolution(this.state, this.model.interval);
    this.#applyAppearance();
    this.#writeAddress();
  }

  #frame(stream, frame) {
    const { model } = this;
    model.receive(stream, frame);
    byId('picture').dataset.rows = String(model.received);
    this.stage.invalidate();
  }

  #showOverview() {
    const { model } = this;
    if (model?.main.axis.kind !== 'channel') return;
    const values = model.main.history.values(model.end - 1);
    if (values) this.overview.update(model.channels.min, values);
  }

  #phase(phase, message, error) {
    // With a picture on the stage, the words beside the controls say enough.
    this.status.setPhase(phase, phase === 'error' && this.model ? '' : message);
    if (error && phase === 'error') this.#fault(error);
    else if (phase === 'live' || phase === 'loading') this.#clearFault();
    this.stage.complete = phase === 'completed';
    if (this.stage.complete) this.stage.remeasure();
    else this.stage.invalidate();
    this.status.show(this.model, this.viewport);
  }

  #fault(error) {
    byId('error').textContent = error.message;
    byId('error').hidden = false;
    this.controls.clearFaults();
    if (error instanceof FormError) this.controls.mark(error.ids);
    else this.controls.markFaults(error.faults);
    byId('error').scrollIntoView({ block: 'nearest' });
  }

  #clearFault() {
    byId('error').hidden = true;
    byId('error').textContent = '';
    this.controls.clearFaults();
  }

  // What the operator does

  #applyForm() {
    try {
      this.#change(this.controls.read(this.wanted));
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      this.#fault(error);
    }
  }

  /** @param {Partial<import('./state.js').State>} patch */
  #change(patch) {
    const wanted = { ...this.wanted, ...patch };
    // Levels set by hand for one kind of picture mean nothing to another.
    if (wanted.viewType !== this.wanted.viewType) wanted.contrast = null;
    this.#run(wanted);
  }

  #chooseSource(live) {
    if (live) this.#change({ period: null });
    else if (!this.recordings.chooseLast()) this.#fault(new FormError('Nothing has been recorded yet.', []));
  }

  /** @param {import('./timeline.js').Span} range */
  #showRange({ start, end }) {
    const period = { start: start / 1000, end: Math.min(end, Date.now()) / 1000 };
    this.#change({ period });
    this.controls.fill(this.wanted);
  }

  /** @param {number} channel */
  #openChannel(channel) {
    const max = Math.max(channel, this.wanted.channels?.max ?? channel);
    this.#change({ viewType: ViewType.CHANNEL, channels: { min: channel, max } });
  }

  #selectChannel(channel) {
    if (!this.model.side) return;
    this.model.select(channel);
    this.state.channel = this.model.selected;
    this.stage.contrast.side.reset();
    this.stage.remeasure();
    this.#writeAddress();
  }

  /** The neighbouring channel: beside the picture, or alone. @param {number} by */
  #stepChannel(by) {
    if (!this.model) return;
    if (this.model.side) this.#selectChannel(this.model.selected + by);
    else if (this.model.viewType === ViewType.CHANNEL) {
      const most = this.fibre?.number_of_channels ?? Infinity;
      this.#openChannel(Math.max(1, Math.min(most, (this.wanted.channels?.min ?? 1) + by)));
    }
  }

  #togglePause() {
    if (!this.model?.live) return;
    if (this.viewport.following) this.viewport.hold();
    else this.viewport.follow();
    this.#scrolled();
  }

  #scrolled() {
    this.stage.invalidate();
    this.status.show(this.model, this.viewport);
  }

  #setView(viewType) {
    if (this.wanted.viewType !== viewType) this.#change({ viewType });
  }

  // How it looks

  #applyAppearance() {
    this.appearance.apply(this.state);
  }

  /** What was changed on the toolbar holds for what is shown and for what comes. @param {object} patch */
  #keepAppearance(patch) {
    Object.assign(this.state, patch);
    Object.assign(this.wanted, patch);
    this.#writeAddress();
  }

  #drawn() {
    if (!this.placeHandles) return;
    this.placeHandles();
    this.appearance.show();
    const fields = this.stage.model ? describe(this.model, this.stage.cursor, this.stage.row) : [];
    showReadout(byId('readout'), fields, this.model ? advice(this.model) : '');
  }

  // The page around it

  #writeAddress() {
    const hash = `#${toHash(this.state)}`;
    if (location.hash !== hash) history.replaceState(null, '', hash);
  }

  async #share() {
    this.#writeAddress();
    const button = byId('share');
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    button.textContent = copied ? 'Copied' : 'In the address bar';
    setTimeout(() => {
      button.textContent = 'Link';
    }, 2500);
  }

  #togglePanel() {
    const wide = document.body.classList.toggle('wide');
    byId('panel-toggle').setAttribute('aria-pressed', String(!wide));
  }

  #bindToolbar() {
    const on = (id, type, run) => byId(id).addEventListener(type, run);
    on('pause', 'click', () => this.#togglePause());
    on('save', 'click', () => savePng(this.stage));
    on('share', 'click', () => this.#share());
    on('panel-toggle', 'click', () => this.#togglePanel());
    on('help-open', 'click', () => byId('help').showModal());
  }

  #bindPicture() {
    bindPointer(this.stage, {
      scrolled: () => this.#scrolled(),
      selected: (channel) => this.#selectChannel(channel),
      opened: (channel) => this.#openChannel(channel),
      cursor: () => this.stage.invalidate(),
    });
  }

  #bindKeys() {
    bindShortcuts(byId('help'), byId('help-keys'), [
      { key: ' ', does: 'pause, and follow again', run: () => this.#togglePause() },
      { key: 'w', does: 'waterfall', run: () => this.#setView(ViewType.WATERFALL) },
      { key: 'm', does: 'multichannel', run: () => this.#setView(ViewType.MULTICHANNEL) },
      { key: 's', does: 'single channel', run: () => this.#setView(ViewType.CHANNEL) },
      { key: '[', does: 'previous channel (on the timeline: recording)', run: () => this.#stepChannel(-1) },
      { key: ']', does: 'next channel (on the timeline: recording)', run: () => this.#stepChannel(1) },
      { key: 'n', does: 'live', run: () => this.#chooseSource(true) },
      { key: 'r', does: 'last recording', run: () => this.#chooseSource(false) },
      { key: 'c', does: 'next colours', run: () => this.appearance.nextMap() },
      { key: 'a', does: 'automatic contrast, or hold it', run: () => this.appearance.toggleAutomatic() },
      { key: 'p', does: 'save as PNG', run: () => savePng(this.stage) },
      { key: 'l', does: 'copy a link to this view', run: () => this.#share() },
      { key: 'b', does: 'show or hide the controls', run: () => this.#togglePanel() },
      { key: '?', does: 'this list', run: () => byId('help').showModal() },
    ]);
  }

  #bindPage() {
    setInterval(() => {
      byId('clock').textContent = `${fullTime(Date.now(), 1000)} UTC`;
      this.status.show(this.model, this.viewport);
      this.#showOverview();
    }, TICK_MS);
    const poll = () => {
      showHealth(byId('health'));
      this.#loadFibre();
    };
    showHealth(byId('health'));
    setInterval(poll, FIBRE_POLL_MS);
    window.addEventListener('hashchange', () => {
      if (location.hash === `#${toHash(this.state)}`) return;
      this.#run(fromHash(location.hash));
      this.controls.fill(this.wanted);
    });
    window.addEventListener('pagehide', () => this.session.stop());
    window.addEventListener('pageshow', ({ persisted }) => persisted && this.#run(this.state));
  }
}

/** @param {import('./state.js').Range} period epoch seconds @returns {import('./timeline.js').Span} */
function toSpan({ start, end }) {
  return { start: start * 1000, end: end * 1000 };
}

/** What the read-out says while nothing is read. @param {Model} model */
function advice({ live, memory }) {
  const kept = `Scroll back over up to ${span(memory.picture)}`;
  const spectra = memory.spectra ? `, ${span(memory.spectra)} of spectra` : '';
  return `Move over the picture to read it.${live ? ` ${kept}${spectra}.` : ''}`;
}

try {
  await new Viewer().start();
} catch (error) {
  document.body.dataset.state = 'error';
  byId('state').textContent = 'Not running';
  byId('message').hidden = false;
  byId('message').textContent = error.message;
  throw error;
}
