/** How the timeline looks. */

import { fullTime, span, timeTicks } from './ticks.js';

/** Height of the strip along the top where a drag selects. */
export const TOP = 16;

const AXIS = 20;
const TICK_GAP = 96;
const BACKGROUND = '#0e1216';
const TRACK = '#171c22';
const RECORDED = '#5b8f95';
const GRID = '#222a33';
const INK = '#aab5c1';
const DIM = '#8f9baa';
const SELECTED = '#e7b562';
const FONT = '11px Inter, "Segoe UI", system-ui, sans-serif';

/**
 * @param {CanvasRenderingContext2D} ctx scaled to CSS pixels
 * @param {import('./timeline.js').Timeline} timeline
 * @param {number} width @param {number} height
 */
export function drawTimeline(ctx, timeline, width, height) {
  const bottom = height - AXIS;
  ctx.font = FONT;
  ctx.fillStyle = BACKGROUND;
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = TRACK;
  ctx.fillRect(0, TOP, width, bottom - TOP);
  drawTicks(ctx, timeline, width, bottom);
  drawRecordings(ctx, timeline, width, bottom);
  drawNow(ctx, timeline, width, bottom);
  drawSelection(ctx, timeline, bottom);
  drawHover(ctx, timeline, width, bottom);
}

function label(ctx, text, x, y, colour, align = 'left') {
  ctx.fillStyle = colour;
  ctx.textAlign = align;
  ctx.textBaseline = 'middle';
  ctx.fillText(text, x, y);
}

function drawTicks(ctx, timeline, width, bottom) {
  const { start, end } = timeline.view;
  for (const tick of timeTicks(start, end, width / TICK_GAP)) {
    const x = Math.round(timeline.toX(tick.at));
    ctx.fillStyle = GRID;
    ctx.fillRect(x, TOP, 1, bottom - TOP + 4);
    const half = ctx.measureText(tick.label).width / 2;
    if (x > half && x < width - half) label(ctx, tick.label, x, bottom + AXIS / 2 + 1, INK, 'center');
  }
}

/** Recordings closer than a pixel are one mark; the shortest is still two pixels wide. */
function drawRecordings(ctx, timeline, width, bottom) {
  ctx.fillStyle = RECORDED;
  let [left, right] = [NaN, NaN];
  const flush = () => {
    if (right >= left) ctx.fillRect(left, TOP + 6, Math.max(2, right - left), bottom - TOP - 12);
  };
  for (const { start, end } of timeline.recordings) {
    const [from, to] = [timeline.toX(start), timeline.toX(end)];
    if (to < -2 || from > width + 2) continue;
    if (from <= right + 1) {
      right = Math.max(right, to);
      continue;
    }
    flush();
    [left, right] = [Math.max(from, -2), Math.min(to, width + 2)];
  }
  flush();
}

function drawNow(ctx, timeline, width, bottom) {
  const x = timeline.toX(Date.now());
  if (x > width) return;
  ctx.fillStyle = '#06080a';
  ctx.fillRect(x, TOP, width - x, bottom - TOP);
  ctx.fillStyle = DIM;
  ctx.fillRect(x, TOP, 1, bottom - TOP);
  label(ctx, 'now', x + 5, (TOP + bottom) / 2, DIM);
}

function drawSelection(ctx, timeline, bottom) {
  if (!timeline.selection) return;
  const [from, to] = [timeline.toX(timeline.selection.start), timeline.toX(timeline.selection.end)].sort((a, b) => a - b);
  ctx.fillStyle = 'rgb(231 181 98 / 0.22)';
  ctx.fillRect(from, 2, Math.max(1, to - from), bottom - 2);
  ctx.fillStyle = SELECTED;
  for (const x of [from, to]) {
    ctx.fillRect(x - 1, 2, 2, bottom - 2);
    ctx.beginPath();
    ctx.roundRect(x - 4, (TOP + bottom) / 2 - 9, 8, 18, 3);
    ctx.fill();
  }
  const { start, end } = timeline.selection;
  const seconds = Math.abs(end - start) / 1000;
  const text = `${fullTime(Math.min(start, end), Math.abs(end - start) / 100)} UTC, ${span(seconds)}`;
  const room = ctx.measureText(text).width + 10;
  const fits = to - from > room;
  const x = fits ? Math.max(from, 0) + 6 : Math.min(to + 8, timeline.canvas.clientWidth - room);
  if (!fits) {
    ctx.fillStyle = 'rgb(14 18 22 / 0.85)';
    ctx.fillRect(x - 3, 1, room, TOP - 2);
  }
  label(ctx, text, x, TOP / 2 + 1, SELECTED);
}

function drawHover(ctx, timeline, width, bottom) {
  if (!timeline.hover) return;
  const { x } = timeline.hover;
  ctx.fillStyle = 'rgb(255 255 255 / 0.4)';
  ctx.fillRect(Math.round(x), TOP, 1, bottom - TOP);
  const { start, end } = timeline.view;
  const text = fullTime(timeline.toTime(x), (end - start) / width);
  const half = ctx.measureText(text).width / 2 + 6;
  const middle = Math.max(half, Math.min(width - half, x));
  ctx.fillStyle = '#2a323c';
  ctx.fillRect(middle - half, bottom + 2, half * 2, AXIS - 2);
  label(ctx, text, middle, bottom + AXIS / 2 + 1, '#e2e8ee', 'center');
}
