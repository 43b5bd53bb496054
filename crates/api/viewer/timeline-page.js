/** The page of everything that was recorded; choosing a range opens it in the viewer. */

import { liveMetadata } from './api.js';
import { showFibre, showHealth } from './fibre.js';
import { Recordings } from './recordings.js';
import { initialState, toHash } from './state.js';
import { fullTime, span } from './ticks.js';

const LISTED = 200;

const byId = (id) => document.getElementById(id);

/** @param {import('./timeline.js').Span} range */
const viewerAddress = ({ start, end }) =>
  `./#${toHash({ ...initialState(), period: { start: start / 1000, end: end / 1000 } })}`;

const recordings = new Recordings(
  (range) => location.assign(new URL(viewerAddress(range), document.baseURI)),
  (error) => {
    byId('error').hidden = error === null;
    byId('error').textContent = error?.message ?? '';
    const all = recordings.timeline.recordings;
    byId('list').hidden = all.length === 0;
    byId('list').tBodies[0].replaceChildren(...all.slice(-LISTED).reverse().map(line));
  },
);

/** @param {import('./timeline.js').Span} recording */
function line(recording) {
  const row = document.createElement('tr');
  const link = document.createElement('a');
  link.href = viewerAddress(recording);
  link.textContent = fullTime(recording.start);
  row.insertCell().append(link);
  row.insertCell().append(fullTime(recording.end));
  row.insertCell().append(span((recording.end - recording.start) / 1000));
  return row;
}

showHealth(byId('health'));
liveMetadata().then((fibre) => showFibre(byId('fibre'), fibre), () => {});
await recordings.start();
