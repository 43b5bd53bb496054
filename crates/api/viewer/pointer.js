/** The pointer and the keys on the pictures: cursor, scrolling, zooming, choosing a channel. */

import { contains } from './layout.js';

const CLICK_PIXELS = 4;
const ZOOM = 1.0015;
const LINE_PIXELS = 16;

/**
 * @param {import('./stage.js').Stage} stage
 * @param {{scrolled: () => void, selected: (channel: number) => void, opened: (channel: number) => void,
 *   cursor: () => void}} handlers
 */
export function bindPointer(stage, handlers) {
  const { overlay } = stage;
  let drag = null;

  const locate = ({ offsetX, offsetY }) => {
    const panel = stage.panels.find(({ image, profile }) => contains(image, offsetX, offsetY) || contains(profile, offsetX, offsetY));
    if (!panel || !stage.model) return null;
    const { key, image } = panel;
    const [left, right] = stage.viewport.columns[key];
    const [top, bottom] = stage.viewport.rows;
    const across = (offsetX - image.x) / image.width;
    const down = (offsetY - image.y) / image.height;
    const row = Math.floor(top + down * (bottom - top));
    return {
      panel, across, down,
      column: Math.floor(left + across * (right - left)),
      row: down <= 1 && row < stage.model.end && row >= 0 ? row : null,
    };
  };

  const setCursor = (cursor) => {
    stage.cursor = cursor;
    stage.invalidate();
    handlers.cursor();
  };

  const channelAt = (place) =>
    stage.model[place.panel.key].axis.kind === 'channel' ? stage.model.channels.min + place.column : null;

  overlay.addEventListener('pointermove', (event) => {
    if (drag) {
      drag.moved ||= Math.hypot(event.offsetX - drag.x, event.offsetY - drag.y) > CLICK_PIXELS;
      if (drag.moved) dragTo(event);
      return;
    }
    const place = locate(event);
    setCursor(place && { key: place.panel.key, column: place.column, row: place.row });
  });
  overlay.addEventListener('pointerleave', () => drag || setCursor(null));

  function dragTo(event) {
    const { image, key } = drag.panel;
    const [left, right] = stage.viewport.columns[key];
    stage.viewport.scroll((-(event.offsetY - drag.lastY) / image.height) * stage.viewport.rowCount);
    stage.viewport.pan(key, (-(event.offsetX - drag.lastX) / image.width) * (right - left));
    drag.lastX = event.offsetX;
    drag.lastY = event.offsetY;
    handlers.scrolled();
  }

  overlay.addEventListener('pointerdown', (event) => {
    const place = locate(event);
    if (!place || event.button !== 0) return;
    overlay.setPointerCapture(event.pointerId);
    const { offsetX: x, offsetY: y } = event;
    drag = { panel: place.panel, x, y, lastX: x, lastY: y, moved: false };
  });
  overlay.addEventListener('pointerup', (event) => {
    const place = drag && !drag.moved && locate(event);
    drag = null;
    const channel = place && channelAt(place);
    if (channel) handlers.selected(channel);
  });
  overlay.addEventListener('pointercancel', () => {
    drag = null;
  });
  overlay.addEventListener('dblclick', (event) => {
    const place = locate(event);
    const channel = place && channelAt(place);
    if (channel) handlers.opened(channel);
  });

  overlay.addEventListener('wheel', (event) => {
    const place = locate(event);
    if (!place) return;
    event.preventDefault();
    const amount = (event.deltaY || event.deltaX) * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1);
    const { viewport } = stage;
    if (event.ctrlKey || event.metaKey) viewport.zoomRows(ZOOM ** (amount * 2), place.down);
    else if (event.shiftKey) viewport.zoomColumns(place.panel.key, ZOOM ** amount, place.across);
    else viewport.scroll((amount / place.panel.image.height) * viewport.rowCount);
    handlers.scrolled();
  }, { passive: false });

  overlay.addEventListener('keydown', (event) => {
    if (!stage.model || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move(event.shiftKey ? 10 : 1);
  });

  const step = (columns, rows) => {
    const { model, viewport, cursor } = stage;
    const at = cursor ?? { key: 'main', column: (model.selected ?? model.channels.min) - model.channels.min, row: null };
    const { count } = model[at.key].axis;
    const column = Math.max(0, Math.min(count - 1, at.column + columns));
    let { row } = at;
    if (rows) {
      row = Math.max(viewport.earliest, Math.min(model.end - 1, stage.row + rows));
      const [top, bottom] = viewport.rows;
      if (row < top) viewport.scroll(row - top);
      else if (row >= bottom) viewport.scroll(row + 1 - bottom);
      else if (viewport.following) viewport.hold();
      handlers.scrolled();
    }
    setCursor({ key: at.key, column, row });
    if (columns && at.key === 'main' && model.side) handlers.selected(model.channels.min + column);
  };
  const scroll = (rows) => {
    stage.viewport.scroll(rows);
    handlers.scrolled();
  };
  const zoom = (factor) => {
    stage.viewport.zoomRows(factor, 1);
    handlers.scrolled();
  };
  const moves = {
    ArrowLeft: (by) => step(-by, 0),
    ArrowRight: (by) => step(by, 0),
    ArrowUp: (by) => step(0, -by),
    ArrowDown: (by) => step(0, by),
    PageUp: () => scroll(-stage.viewport.rowCount * 0.8),
    PageDown: () => scroll(stage.viewport.rowCount * 0.8),
    Home: () => scroll(-Infinity),
    End: () => scroll(Infinity),
    '+': () => zoom(1 / 1.5),
    '-': () => zoom(1.5),
    Escape: () => setCursor(null),
    Enter: () => {
      const { cursor, model } = stage;
      if (cursor && model[cursor.key].axis.kind === 'channel') handlers.opened(model.channels.min + cursor.column);
    },
  };
}
