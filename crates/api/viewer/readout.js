/** What lies under the cursor, in words and numbers. */

import { fullTime } from './ticks.js';

/**
 * @param {import('./model.js').Model} model
 * @param {import('./overlay.js').Cursor|null} cursor
 * @param {number} row
 * @returns {{name: string, value: string}[]}
 */
export function describe(model, cursor, row) {
  if (!cursor) return [];
  const { history, axis } = model[cursor.key];
  const held = history.has(row);
  const time = held ? history.time(row) : model.timeAt(row);
  const at = axis.first + cursor.column * axis.step;
  const channel = axis.kind === 'channel' ? at : (cursor.key === 'side' ? model.selected : model.channels.min);
  const fields = [
    { name: 'Time', value: `${fullTime(time)} UTC` },
    { name: 'Channel', value: String(channel) },
  ];
  const distance = model.distance(channel);
  if (!Number.isNaN(distance)) fields.push({ name: 'Distance', value: `${Number(distance.toFixed(2))} m` });
  if (axis.kind === 'frequency') fields.push({ name: 'Frequency', value: `${at.toFixed(axis.step < 0.1 ? 3 : 2)} Hz` });
  const value = history.value(row, cursor.column);
  if (Number.isNaN(value)) {
    fields.push({ name: 'Value', value: 'missing' });
  } else {
    const linear = 10 ** (value / 20);
    fields.push({ name: 'Value', value: `${value.toFixed(1)} dB` });
    fields.push({ name: 'Linear', value: `${linear.toPrecision(3).replace(/e\+?/, '×10^')} ${model.header.value.unit ?? ''}`.trim() });
  }
  return fields;
}

/** @param {HTMLElement} element @param {{name: string, value: string}[]} fields @param {string} empty */
export function showReadout(element, fields, empty) {
  if (fields.length === 0) {
    if (element.textContent !== empty) element.replaceChildren(empty);
    return;
  }
  const shown = [...element.children];
  const same = shown.length === fields.length && shown.every((field, i) => field.dataset.name === fields[i].name);
  if (!same) element.replaceChildren(...fields.map(({ name }) => fieldOf(name)));
  fields.forEach(({ value }, i) => {
    element.children[i].lastChild.textContent = value;
  });
}

function fieldOf(name) {
  const field = document.createElement('span');
  const label = document.createElement('span');
  field.dataset.name = name;
  label.className = 'name';
  label.textContent = `${name} `;
  field.append(label, '');
  return field;
}
