/** Keeps a view running: configures its job, reads its streams, and begins again when a live one breaks. */

import { ApiError, configure, liveMetadata, stopJob } from './api.js';
import { openStreams } from './stream.js';

const FIRST_DELAY = 0.5;
const LONGEST_DELAY = 15;
const FIBRE_POLL = 3;

/** @typedef {'connecting'|'loading'|'live'|'completed'|'waiting'|'error'} Phase */

/** @typedef {object} Handlers
 * @property {(phase: Phase, message: string, error?: ApiError) => void} phase
 * @property {(error: ApiError) => void} refused another view was asked for in vain; the one before goes on
 * @property {(headers: import('./protocol.js').Header[]) => void} headers a job begins
 * @property {(stream: number, frame: import('./stream.js').Frame) => void} frame
 */

/** @typedef {object} Run one view, from when it is asked for until another takes its place
 * @property {() => Promise<object>} request makes the body of `POST configure`
 * @property {boolean} live
 * @property {Run|null} before the view that goes on until this one has a job
 * @property {boolean} stopped
 * @property {string|null} jobId
 * @property {{close: () => void, done: Promise<import('./stream.js').Outcome>}|null} streams
 * @property {() => void} wake ends a pause
 * @property {[Phase, string, ApiError|undefined]} phase what was last said of it
 */

export class Session {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    /** @type {Run|null} */
    this.run = null;
  }

  /**
   * Shows another view. What is shown now goes on until the server has accepted the new one.
   * @param {boolean} live
   * @param {() => Promise<object>} request makes the body of `POST configure`; asked again for every job
   */
  start(live, request) {
    const pending = this.run && !this.run.streams;
    const before = pending ? this.run.before : this.run;
    if (pending) end(this.run);
    const run = { request, live, before, stopped: false, jobId: null, streams: null, wake: () => {}, phase: ['connecting', ''] };
    this.run = run;
    this.#keep(run);
  }

  /** Ends the view and its job. */
  stop() {
    end(this.run?.before);
    end(this.run);
    this.run = null;
  }

  /** @param {Run} run */
  #phase(run, phase, message, error) {
    run.phase = [phase, message, error];
    if (run === this.run) this.handlers.phase(phase, message, error);
  }

  /** @param {Run} run */
  async #keep(run) {
    let delay = FIRST_DELAY;
    this.#phase(run, 'connecting', '');
    while (!run.stopped) {
      try {
        const outcome = await this.#job(run, () => {
          delay = FIRST_DELAY;
        });
        if (run.stopped) return;
        if (outcome.completed && !run.live) return this.#phase(run, 'completed', '');
        if (!run.live) {
          const error = new ApiError(`The recording could not be shown to its end: ${outcome.reason}.`);
          return this.#phase(run, 'error', error.message, error);
        }
        this.#phase(run, 'connecting', `The live stream ended: ${outcome.reason}. Reconnecting.`);
      } catch (error) {
        if (run.stopped) return;
        if (!(error instanceof ApiError)) throw error;
        if (!error.passing && run.before) return this.#refused(run, error);
        this.#leaveBefore(run);
        if (error.code === 'waiting_for_fiber') {
          this.#phase(run, 'waiting', error.message, error);
          await fibre(run);
          continue;
        }
        this.#phase(run, 'error', error.message, error);
        if (!error.passing) return;
        delay = Math.max(delay, error.retryAfter);
      }
      await pause(run, delay * (0.8 + 0.4 * Math.random()));
      delay = Math.min(delay * 2, LONGEST_DELAY);
    }
  }

  #refused(run, error) {
    this.run = run.before;
    end(run);
    this.handlers.phase(...this.run.phase);
    this.handlers.refused(error);
  }

  #leaveBefore(run) {
    end(run.before);
    run.before = null;
  }

  /** One job from `configure` to its end. @returns {Promise<import('./stream.js').Outcome>} */
  async #job(run, flowing) {
    const answer = await configure(await run.request());
    if (run.stopped) {
      stopJob(answer.job_id);
      return { completed: false, reason: '' };
    }
    this.#leaveBefore(run);
    run.jobId = answer.job_id;
    run.streams = openStreams(answer.job_id, answer.stream_amount, {
      headers: (headers) => {
        this.handlers.headers(headers);
        this.#phase(run, run.live ? 'live' : 'loading', '');
      },
      frame: (stream, frame) => {
        flowing();
        this.handlers.frame(stream, frame);
      },
    });
    const outcome = await run.streams.done;
    if (!outcome.completed && !run.stopped) stopJob(answer.job_id);
    run.jobId = null;
    return outcome;
  }
}

/** Stops what a run has going. @param {Run|null|undefined} run */
function end(run) {
  if (!run) return;
  run.stopped = true;
  run.streams?.close();
  run.wake();
  if (run.jobId) stopJob(run.jobId);
  run.jobId = null;
}

/** Until one is connected. @param {Run} run */
async function fibre(run) {
  while (!run.stopped) {
    await pause(run, FIBRE_POLL);
    const metadata = await liveMetadata().catch(() => null);
    if (metadata?.number_of_channels) return;
  }
}

/** @param {Run} run @param {number} seconds */
function pause(run, seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    run.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
