/** Setting the contrast by hand: handles at the ends of the colour bars. */

const KEY_STEP = 1;
const SMALLEST = 0.5;

/**
 * @param {HTMLElement} host over which the handles lie
 * @param {import('./stage.js').Stage} stage
 * @param {(key: 'main'|'side') => void} changed
 * @returns {() => void} puts the handles where the bars are
 */
export function levelHandles(host, stage, changed) {
  const handles = ['main', 'side'].flatMap((key) => ['high', 'low'].map((end) => handle(host, stage, key, end, changed)));
  return () => {
    for (const { element, key, end } of handles) {
      const panel = stage.model && stage.panels.find((candidate) => candidate.key === key);
      element.hidden = !panel;
      if (!panel) continue;
      const { bar } = panel;
      element.style.left = `${bar.x - 5}px`;
      element.style.width = `${bar.width + 10}px`;
      element.style.top = `${end === 'high' ? bar.y - 9 : bar.y + bar.height + 1}px`;
      element.setAttribute('aria-valuenow', stage.contrast[key].levels[end].toFixed(1));
    }
  };
}

function handle(host, stage, key, end, changed) {
  const element = document.createElement('div');
  const name = `${end === 'high' ? 'Upper' : 'Lower'} end of the ${key === 'main' ? '' : 'spectrogram’s '}colours`;
  element.className = `level ${end}`;
  element.tabIndex = 0;
  element.hidden = true;
  element.title = `${name} (dB). Drag, or use the arrow keys; double-click for automatic.`;
  for (const [attribute, value] of [['role', 'slider'], ['aria-label', `${name}, dB`], ['aria-orientation', 'vertical']]) {
    element.setAttribute(attribute, value);
  }
  host.append(element);

  const contrast = stage.contrast[key];
  const move = (by) => {
    const levels = { ...contrast.levels };
    levels[end] += by;
    if (end === 'high') levels.high = Math.max(levels.high, levels.low + SMALLEST);
    else levels.low = Math.min(levels.low, levels.high - SMALLEST);
    contrast.manual = levels;
    stage.invalidate();
    changed(key);
  };

  let grip = null;
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    const { low, high } = contrast.levels;
    const panel = stage.panels.find((candidate) => candidate.key === key);
    grip = { y: event.clientY, perPixel: (high - low) / panel.bar.height };
  });
  element.addEventListener('pointermove', (event) => {
    if (!grip) return;
    // Dragging up moves this end of the scale up by as many dB as the pixels stood for when the drag began.
    move((grip.y - event.clientY) * grip.perPixel);
    grip.y = event.clientY;
  });
  for (const type of ['pointerup', 'pointercancel']) {
    element.addEventListener(type, () => {
      grip = null;
    });
  }
  element.addEventListener('dblclick', () => {
    contrast.manual = null;
    stage.remeasure();
    changed(key);
  });
  element.addEventListener('keydown', (event) => {
    const by = { ArrowUp: KEY_STEP, ArrowRight: KEY_STEP, ArrowDown: -KEY_STEP, ArrowLeft: -KEY_STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    move(event.shiftKey ? by * 5 : by);
  });
  return { element, key, end };
}
