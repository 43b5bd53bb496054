/** Where everything on the stage stands, in CSS pixels. */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{key: 'main'|'side', image: Rect, profile: Rect, bar: Rect}} PanelLayout */

const TIME_AXIS = 86;
const TOP = 40;
const BOTTOM = 40;
const PROFILE = 76;
const GAP = 10;
const BAR = { gap: 14, width: 12, labels: 50 };
const SIDE_SHARE = 0.4;

/**
 * @param {number} width @param {number} height @param {boolean} side whether there is a picture beside the main one
 * @returns {PanelLayout[]}
 */
export function arrange(width, height, side) {
  const image = Math.max(40, height - TOP - GAP - PROFILE - BOTTOM);
  const bar = BAR.gap + BAR.width + BAR.labels;
  const usable = Math.max(80, width - TIME_AXIS - (side ? 2 : 1) * bar - (side ? 8 : 0));
  const main = Math.round(side ? usable * (1 - SIDE_SHARE) : usable);
  const panel = (key, x, panelWidth) => ({
    key,
    image: { x, y: TOP, width: panelWidth, height: image },
    profile: { x, y: TOP + image + GAP, width: panelWidth, height: PROFILE },
    bar: { x: x + panelWidth + BAR.gap, y: TOP, width: BAR.width, height: image },
  });
  const panels = [panel('main', TIME_AXIS, main)];
  if (side) panels.push(panel('side', TIME_AXIS + main + bar + 8, usable - main));
  return panels;
}

/** @param {Rect} rect @param {number} x @param {number} y */
export const contains = (rect, x, y) =>
  x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;

/** @param {Rect} rect @param {number} ratio device pixels per CSS pixel @returns {Rect} whole device pixels */
export function toDevice(rect, ratio) {
  const x = Math.round(rect.x * ratio);
  const y = Math.round(rect.y * ratio);
  return {
    x,
    y,
    width: Math.round((rect.x + rect.width) * ratio) - x,
    height: Math.round((rect.y + rect.height) * ratio) - y,
  };
}
