/** The fibre and the server's health, in the page's head. */

import { health } from './api.js';

const NAMES = { healthy: 'Healthy', degraded: 'Degraded', unreachable: 'Server unreachable' };
const UPSTREAMS = { rabbitmq: 'RabbitMQ', mongodb: 'MongoDB', kubernetes: 'Kubernetes', catalogue: 'catalogue' };
const DOWN = 'down';

/** @param {HTMLElement} element @param {import('./api.js').Fibre} fibre */
export function showFibre(element, fibre) {
  const name = document.createElement('strong');
  name.textContent = fibre.fiber_description ?? 'Fibre without a description';
  const facts = [
    fibre.number_of_channels && `${fibre.number_of_channels} channels`,
    fibre.dx && `${Number(fibre.dx.toFixed(3))} m apart`,
    fibre.gauge_length_meters && `gauge ${Number(fibre.gauge_length_meters.toFixed(2))} m`,
    fibre.sampling_rate && `${fibre.sampling_rate} samples per second`,
  ].filter(Boolean);
  const rest = document.createElement('span');
  rest.textContent = facts.join(', ');
  element.replaceChildren(name, rest);
  element.title = [name.textContent, rest.textContent].filter(Boolean).join('. ');
}

/** Asks once how the server is. @param {HTMLElement} element */
export async function showHealth(element) {
  const answer = await health().catch(() => ({ status: 'unreachable' }));
  const upstreams = Object.entries(answer.upstreams ?? {});
  const down = upstreams.filter(([, upstream]) => (upstream.state ?? upstream.status) === DOWN).map(([name]) => UPSTREAMS[name] ?? name);
  element.dataset.health = answer.status;
  const text = NAMES[answer.status] ?? answer.status;
  element.textContent = down.length ? `${text}: ${down.join(', ')} down` : text;
}
