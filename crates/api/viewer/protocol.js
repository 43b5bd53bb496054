/** The binary messages of a stream; see docs/websocket.md. */

/** @typedef {{version: number, job_id: string, stream_id: number, stream_amount: number, view_type: number,
 *   view: object, live: boolean, channels: {min: number, max: number}, sampling_rate: number, nfft: number|null,
 *   frequencies: {first: number, step: number, count: number}|null, values_per_channel: number, lines_dt: number,
 *   value: {quantity: string, unit: string|null, encoding: string},
 *   metadata: import('./api.js').Fibre}} Header */

/** @typedef {{index: number, time: number, flags: number, offset: number, counts: Uint8Array}} Row
 *   `time` is UTC epoch milliseconds; a count of 0 is missing, else the value is `offset + (count - 1) * step` dB. */

/** @typedef {{kind: 'header', header: Header}|{kind: 'frame', step: number, lost: number, rows: Row[]}} Message */

/** Set in a row's flags when samples are missing in it. */
export const INCOMPLETE = 1;

const HEADER = 'FSH1';
const FRAME = 'FSR1';
const FRAME_HEAD = 24;
const ROW_HEAD = 24;

/**
 * @param {ArrayBuffer} buffer
 * @returns {Message}
 */
export function decode(buffer) {
  const kind = String.fromCharCode(...new Uint8Array(buffer, 0, Math.min(4, buffer.byteLength)));
  if (kind === HEADER) return { kind: 'header', header: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4))) };
  if (kind === FRAME) return decodeFrame(buffer);
  throw new Error(`The server sent a message that this page does not know ("${kind}"); reload the page.`);
}

/** @param {ArrayBuffer} buffer @returns {Message} */
function decodeFrame(buffer) {
  const view = new DataView(buffer);
  const count = view.getUint16(4, true);
  const width = view.getUint32(8, true);
  const step = view.getFloat32(12, true);
  const lost = view.getUint32(16, true);
  if (buffer.byteLength !== FRAME_HEAD + count * (ROW_HEAD + width)) {
    throw new Error('The server sent a frame whose length does not match its content.');
  }
  const values = FRAME_HEAD + count * ROW_HEAD;
  const rows = Array.from({ length: count }, (_, i) => {
    const at = FRAME_HEAD + i * ROW_HEAD;
    return {
      time: view.getFloat64(at, true),
      index: view.getInt32(at + 8, true),
      flags: view.getUint32(at + 12, true),
      offset: view.getFloat32(at + 16, true),
      counts: new Uint8Array(buffer, values + i * width, width),
    };
  });
  return { kind: 'frame', step, lost, rows };
}
