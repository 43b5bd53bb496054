/** The server's HTTP interface. All addresses are relative to the page, so a prefix in front of it is kept. */

/** An answer that is an error, in the server's own words. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, detail?: unknown, retryAfter?: number}} [more]
   */
  constructor(message, { status = 0, code = 'unreachable', detail = [], retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    /** @type {{path: string, message: string}[]} */
    this.faults = Array.isArray(detail) ? detail.filter((fault) => fault && typeof fault.path === 'string') : [];
    /** Seconds. */
    this.retryAfter = retryAfter;
  }

  /** Whether the same request can succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** @param {string} path @returns {string} */
export function streamUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

/** @param {string} path @param {RequestInit} [options] */
async function call(path, options) {
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), options);
  } catch {
    throw new ApiError('The server cannot be reached.');
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  throw new ApiError(body?.error ?? `The server answered ${response.status} without saying why.`, {
    status: response.status,
    code: body?.code,
    detail: body?.detail,
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
  });
}

/** @param {string} path @param {object} body */
const post = (path, body) =>
  call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** @typedef {{prr: number, dx: number|null, sampling_rate: number|null, gauge_length_meters: number|null,
 *   number_of_channels: number|null, fiber_start_meters: number|null, fiber_length_meters: number|null,
 *   unit: string|null, sw_version: string|null, fiber_description: string|null}} Fibre */

/** @returns {Promise<Fibre>} */
export const liveMetadata = () => call('live_metadata');

/** @returns {Promise<{status: string, version: string}>} */
export const health = () => call('health');

/** @returns {Promise<{version: string, limits?: Record<string, number>}>} */
export const info = () => call('info');

/** @param {object} request @returns {Promise<{job_id: string, stream_amount: number, lines_dt: number, metadata: Fibre}>} */
export const configure = (request) => post('configure', request);

/**
 * The fibre of what was recorded, which may be another than the live one: a job that shows next to nothing of it tells.
 *
 * @param {{start: number, end: number}} period epoch seconds
 * @returns {Promise<Fibre>}
 */
export async function recordedFibre({ start, end }) {
  const job = await configure({
    view_type: 2,
    channels: { min: 1, max: 1 },
    displayInfo: { height: 1 },
    start_time: start,
    end_time: end,
  });
  stopJob(job.job_id);
  return job.metadata;
}

/** @param {number} start epoch seconds @param {number} end @returns {Promise<[number, number][]>} */
export const recordings = (start, end) => post('recordings_in_time_range', { start_time: start, end_time: end });

/** Asks for the job to be stopped; goes out even while the page is closing. @param {string} jobId */
export function stopJob(jobId) {
  fetch(new URL(`job/${encodeURIComponent(jobId)}`, document.baseURI), { method: 'DELETE', keepalive: true }).catch(
    () => {}, // The server stops jobs that nobody watches by itself.
  );
}
