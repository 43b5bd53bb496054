/** The streams of one job, as one: rows of all its channel ranges, and how it ended. */

import { streamUrl } from './api.js';
import { decode } from './protocol.js';

const COMPLETED = 1000;

/** @typedef {import('./protocol.js').Header} Header */
/** @typedef {{step: number, lost: number, rows: import('./protocol.js').Row[]}} Frame */
/** @typedef {{completed: boolean, reason: string}} Outcome */

/**
 * @param {string} jobId
 * @param {number} amount how many streams the job has
 * @param {{headers: (all: Header[]) => void, frame: (stream: number, frame: Frame) => void}} handlers
 *   `headers` is called once, when every stream has said what it carries, and before the first `frame`
 * @returns {{close: () => void, done: Promise<Outcome>}}
 */
export function openStreams(jobId, amount, handlers) {
  /** @type {Header[]} */
  const headers = new Array(amount);
  /** @type {[number, Frame][]|null} */
  let early = [];
  let missing = amount;
  let open = amount;
  let finish;
  const done = new Promise((resolve) => {
    finish = resolve;
  });

  const sockets = Array.from({ length: amount }, (_, stream) => {
    const socket = new WebSocket(streamUrl(`jobs/${encodeURIComponent(jobId)}/streams/${stream}`));
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      try {
        receive(stream, decode(data));
      } catch (error) {
        end({ completed: false, reason: error.message });
      }
    };
    socket.onclose = ({ code, reason }) => {
      open -= 1;
      if (code !== COMPLETED) end({ completed: false, reason: reason || `the stream broke (${code})` });
      else if (open === 0) end({ completed: true, reason });
    };
    return socket;
  });

  function receive(stream, message) {
    if (message.kind === 'header') {
      headers[stream] = message.header;
      missing -= 1;
      if (missing > 0) return;
      handlers.headers(headers);
      early.forEach(([from, frame]) => handlers.frame(from, frame));
      early = null;
    } else if (early) {
      early.push([stream, message]);
    } else {
      handlers.frame(stream, message);
    }
  }

  function end(outcome) {
    close();
    finish(outcome);
  }

  function close() {
    for (const socket of sockets) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  return { close, done };
}
