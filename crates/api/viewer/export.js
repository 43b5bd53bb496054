/** The pictures as a PNG file, with axes, title and colour bar. */

import { drawOverlay } from './overlay.js';
import { fullTime } from './ticks.js';

const HEAD = 64;
const FOOT = 30;
const BACKGROUND = '#0b0e12';
const INK = '#e2e8ee';
const DIM = '#8f9baa';

/**
 * @param {import('./stage.js').Stage} stage
 * @returns {Promise<void>}
 */
export async function savePng(stage) {
  const { model, ratio, picture, overlay } = stage;
  const canvas = document.createElement('canvas');
  canvas.width = overlay.width;
  canvas.height = overlay.height + Math.round((HEAD + FOOT) * ratio);
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = BACKGROUND;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(picture, 0, HEAD * ratio);
  ctx.setTransform(ratio, 0, 0, ratio, 0, HEAD * ratio);
  drawOverlay(ctx, { ...stage.scene, cursor: null });
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  const { title, lines } = caption(stage);
  write(ctx, title, 20, 28, INK, '600 17px Inter, "Segoe UI", system-ui, sans-serif');
  write(ctx, lines[0], 20, 50, DIM, '12px Inter, "Segoe UI", system-ui, sans-serif');
  write(ctx, lines[1], 20, canvas.height / ratio - 14, DIM, '11px Inter, "Segoe UI", system-ui, sans-serif');
  const blob = await new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  const [top] = stage.viewport.rows;
  link.download = `focus-${model.main.title}-${fullTime(model.timeAt(top)).slice(0, 19)}.png`
    .toLowerCase().replace(/[^a-z0-9.]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function write(ctx, label, x, y, colour, font) {
  ctx.font = font;
  ctx.fillStyle = colour;
  ctx.fillText(label, x, y);
}

/** @param {import('./stage.js').Stage} stage */
function caption({ model, viewport }) {
  const { header, channels, fibre, interval } = model;
  const [top, bottom] = viewport.rows.map((row) => fullTime(model.timeAt(row - 0.5), interval * 1000));
  const what = channels.min === channels.max ? `channel ${channels.min}` : `channels ${channels.min} to ${channels.max}`;
  const spectrum = header.frequencies
    ? `, ${header.frequencies.first.toFixed(1)} to ` +
      `${(header.frequencies.first + header.frequencies.step * (header.frequencies.count - 1)).toFixed(1)} Hz, nfft ${header.nfft}`
    : '';
  const kind = header.value.quantity === 'rms' ? 'RMS amplitude' : 'One-sided amplitude';
  return {
    title: `${fibre.fiber_description ?? 'Fibre without a description'}`,
    lines: [
      `${model.main.title}, ${what}${spectrum}   ·   ${top} to ${bottom} UTC`,
      `${kind} in ${model.unit}; one row every ${Number((interval * 1000).toPrecision(4))} ms; ` +
        `${header.sampling_rate} samples per second. Focus Server, ${model.live ? 'live' : 'recording'}.`,
    ],
  };
}
