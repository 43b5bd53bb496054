/** Everything around and over the pictures: axes, colour bars, profiles, the cursor. */

import { COLOURS, colormap } from './colormaps.js';
import { fullTime, numberTicks, timeTicks } from './ticks.js';

/** @typedef {import('./layout.js').PanelLayout} PanelLayout */
/** @typedef {import('./layout.js').Rect} Rect */
/** @typedef {{column: number, row: number|null, key: 'main'|'side'}} Cursor `row` null: the newest */

/** @typedef {object} Scene
 * @property {import('./model.js').Model} model
 * @property {import('./viewport.js').Viewport} viewport
 * @property {PanelLayout[]} panels
 * @property {Record<string, import('./contrast.js').Levels>} levels by panel key
 * @property {string} map
 * @property {Cursor|null} cursor
 */

const INK = '#c3ccd6';
const DIM = '#8f9baa';
const LINE = '#39424e';
const GRID = '#1f262e';
const ACCENT = '#86cfd3';
const FONT = '12px Inter, "Segoe UI", system-ui, sans-serif';
const SMALL = '11px Inter, "Segoe UI", system-ui, sans-serif';
const TIME_TICK_GAP = 44;
const NUMBER_TICK_GAP = 72;
/** How far profiles reach above the last colour, as a part of the scale. */
const HEADROOM = 0.3;

/** @param {CanvasRenderingContext2D} ctx scaled to CSS pixels @param {Scene} scene */
export function drawOverlay(ctx, scene) {
  ctx.font = FONT;
  ctx.lineWidth = 1;
  drawTimeAxis(ctx, scene);
  for (const panel of scene.panels) {
    const picture = scene.model[panel.key];
    const [from, to] = scene.viewport.columns[panel.key];
    const toX = (column) => panel.image.x + ((column - from) / (to - from)) * panel.image.width;
    drawColumnAxis(ctx, scene, panel, picture, toX);
    drawBar(ctx, panel, scene.levels[panel.key], scene);
    drawProfile(ctx, scene, panel, picture);
    drawCursor(ctx, scene, panel, toX);
    frame(ctx, panel.image);
    frame(ctx, panel.profile);
  }
}

function frame(ctx, { x, y, width, height }) {
  ctx.strokeStyle = LINE;
  ctx.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function text(ctx, label, x, y, colour = DIM, align = 'left', baseline = 'middle') {
  ctx.fillStyle = colour;
  ctx.textAlign = align;
  ctx.textBaseline = baseline;
  ctx.fillText(label, x, y);
}

function rule(ctx, x0, y0, x1, y1, colour = LINE) {
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  ctx.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  ctx.stroke();
}

/** Row boundaries lie half an interval before the times, which are the rows' centres. */
function drawTimeAxis(ctx, { model, viewport, panels }) {
  const { image } = panels[0];
  const [top, bottom] = viewport.rows;
  const toY = (row) => image.y + ((row - top) / (bottom - top)) * image.height;
  const most = image.height / TIME_TICK_GAP;
  let lastY = -Infinity;
  for (const [from, to] of stretches(model, top, bottom)) {
    const share = (most * (to - from)) / (bottom - top);
    const [start, end] = [model.timeAt(from - 0.5), model.timeAt(to - 0.5)];
    for (const { at, label } of timeTicks(start, end, share)) {
      const y = toY(from + ((at - start) / (end - start)) * (to - from));
      if (y - lastY < 14) continue;
      lastY = y;
      rule(ctx, image.x - 6, y, image.x - 1, y);
      text(ctx, label, image.x - 10, y, INK, 'right');
    }
  }
  const first = model.timeAt(top);
  ctx.font = SMALL;
  if (Number.isFinite(first)) {
    text(ctx, fullTime(first).slice(0, 10), image.x - 10, image.y - 29, DIM, 'right');
    text(ctx, 'UTC', image.x - 24, image.y - 13, DIM, 'right');
  }
  ctx.font = FONT;
}

/** The visible rows cut where another job began. @returns {[number, number][]} */
function stretches(model, top, bottom) {
  const cuts = model.clock.segments.map(({ first }) => first).filter((first) => first > top && first < bottom);
  const ends = [top, ...cuts.slice(model.clock.segments[0]?.first === cuts[0] ? 1 : 0), bottom];
  return ends.slice(1).map((end, i) => [ends[i], end]);
}

function drawColumnAxis(ctx, { model }, { image, profile }, { axis, title }, toX) {
  const value = (x) => axis.first + (invert(toX, x) - 0.5) * axis.step;
  const low = value(image.x);
  const high = value(image.x + image.width);
  const most = image.width / NUMBER_TICK_GAP;
  const y = profile.y + profile.height;
  const place = (at) => toX((at - axis.first) / axis.step + 0.5);
  for (const { at, label } of numberTicks(low, high, most)) {
    if (axis.kind === 'channel' && !Number.isInteger(at)) continue;
    const x = place(at);
    rule(ctx, x, y, x, y + 5);
    text(ctx, label, x, y + 14, INK, 'center');
  }
  const name = axis.kind === 'channel' ? 'Channel' : 'Frequency (Hz)';
  text(ctx, name, image.x + image.width / 2, y + 30, DIM, 'center');
  text(ctx, title, image.x, image.y - 29, INK);
  if (axis.kind !== 'channel' || !model.fibre.dx) return;
  const [start, end] = [model.distance(low), model.distance(high)];
  for (const { at, label } of numberTicks(start, end, most)) {
    const x = place(low + ((at - start) / (end - start)) * (high - low));
    rule(ctx, x, image.y - 6, x, image.y - 1);
    text(ctx, label, x, image.y - 13, DIM, 'center');
  }
  const known = model.fibre.fiber_start_meters !== null;
  text(ctx, known ? 'Distance along the fibre (m)' : 'Distance from channel 1 (m)', image.x + image.width, image.y - 29, DIM, 'right');
}

/** Column at a pixel, for a linear `toX`. */
function invert(toX, x) {
  const origin = toX(0);
  return (x - origin) / (toX(1) - origin);
}

function drawBar(ctx, { bar }, levels, { model, map }) {
  const colours = colormap(map);
  for (let y = 0; y < bar.height; y++) {
    const i = Math.round((1 - y / Math.max(1, bar.height - 1)) * (COLOURS - 1)) * 4;
    ctx.fillStyle = `rgb(${colours[i]} ${colours[i + 1]} ${colours[i + 2]})`;
    ctx.fillRect(bar.x, bar.y + y, bar.width, 1);
  }
  frame(ctx, bar);
  for (const { at, label } of numberTicks(levels.low, levels.high, bar.height / 40)) {
    const y = bar.y + bar.height * (1 - (at - levels.low) / (levels.high - levels.low));
    rule(ctx, bar.x + bar.width, y, bar.x + bar.width + 5, y);
    text(ctx, label, bar.x + bar.width + 9, y, INK);
  }
  ctx.save();
  ctx.font = SMALL;
  ctx.translate(bar.x + bar.width + 42, bar.y + bar.height / 2);
  ctx.rotate(-Math.PI / 2);
  text(ctx, model.unit, 0, 0, DIM, 'center');
  ctx.restore();
}

/** The cursor's row, or the newest, as a line. */
function drawProfile(ctx, { model, viewport, levels, cursor }, { key, profile }, { history }) {
  const row = shownRow(model, viewport, cursor);
  const values = history.values(row);
  const { low } = levels[key];
  const high = levels[key].high + (levels[key].high - low) * HEADROOM;
  ctx.fillStyle = '#0e1216';
  ctx.fillRect(profile.x, profile.y, profile.width, profile.height);
  const toY = (value) => profile.y + profile.height * (1 - (value - low) / (high - low));
  ctx.font = SMALL;
  for (const { at, label } of numberTicks(low, high, 4)) {
    const y = toY(at);
    if (y < profile.y + 5 || y > profile.y + profile.height - 4) continue;
    rule(ctx, profile.x, y, profile.x + profile.width - 1, y, GRID);
    if (key === 'main') text(ctx, `${label} dB`, profile.x - 10, y, DIM, 'right');
    else text(ctx, `${label} dB`, profile.x + profile.width + 9, y, DIM);
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(profile.x, profile.y, profile.width, profile.height);
  ctx.clip();
  if (values) polyline(ctx, values, viewport.columns[key], profile, toY);
  const pinned = cursor && cursor.row !== null;
  const time = fullTime(model.timeAt(row), model.interval * 1000).slice(11);
  if (key === 'main' && values) {
    text(ctx, `${pinned ? 'At the cursor' : 'Newest row'}, ${time}`, profile.x + profile.width - 6, profile.y + 10, DIM, 'right');
  }
  ctx.restore();
  ctx.font = FONT;
}

/** The largest value of each pixel, as in the picture. */
function polyline(ctx, values, [from, to], { x, width }, toY) {
  ctx.strokeStyle = ACCENT;
  ctx.beginPath();
  const perPixel = (to - from) / width;
  let pen = false;
  for (let pixel = 0; pixel < width; pixel += Math.max(1, 1 / perPixel)) {
    const start = from + pixel * perPixel;
    let largest = NaN;
    for (let c = Math.floor(start); c < Math.max(Math.floor(start) + 1, start + perPixel); c++) {
      if (!(values[c] <= largest)) largest = values[c] ?? largest;
    }
    if (Number.isNaN(largest)) {
      pen = false;
      continue;
    }
    const at = [x + pixel + (perPixel < 1 ? 0.5 / perPixel : 0), toY(largest)];
    if (pen) ctx.lineTo(...at);
    else ctx.moveTo(...at);
    pen = true;
  }
  ctx.stroke();
}

/** @returns {number} the row that profiles and the read-out speak of */
export function shownRow(model, viewport, cursor) {
  if (cursor && cursor.row !== null) return cursor.row;
  return Math.max(0, Math.min(Math.ceil(viewport.rows[1]), model.end) - 1);
}

function drawCursor(ctx, { model, viewport, cursor }, { key, image, profile }, toX) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(image.x, image.y, image.width, profile.y + profile.height - image.y);
  ctx.clip();
  const vertical = (column, colour, dash) => {
    ctx.setLineDash(dash);
    const x = toX(column + 0.5);
    rule(ctx, x, image.y, x, profile.y + profile.height, 'rgb(0 0 0 / 0.55)');
    rule(ctx, x + 1, image.y, x + 1, profile.y + profile.height, colour);
  };
  if (key === 'main' && model.selected !== undefined) vertical(model.selected - model.channels.min, ACCENT, []);
  if (cursor?.key === key) vertical(cursor.column, 'rgb(255 255 255 / 0.75)', [3, 3]);
  if (cursor && cursor.row !== null) {
    const [top, bottom] = viewport.rows;
    const y = image.y + ((cursor.row + 0.5 - top) / (bottom - top)) * image.height;
    ctx.setLineDash([3, 3]);
    if (y > image.y && y < image.y + image.height) {
      rule(ctx, image.x, y + 1, image.x + image.width, y + 1, 'rgb(0 0 0 / 0.55)');
      rule(ctx, image.x, y, image.x + image.width, y, 'rgb(255 255 255 / 0.75)');
    }
  }
  ctx.restore();
}
