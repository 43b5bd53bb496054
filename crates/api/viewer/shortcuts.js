/** Keys that work anywhere on the page, and the dialog that lists all keys. */

/** On the picture itself; see pointer.js. */
const PICTURE_KEYS = [
  ['← →', 'move the cursor over channels or frequencies; with Shift by 10'],
  ['↑ ↓', 'move the cursor through time'],
  ['Page Up, Page Down', 'scroll back and forth'],
  ['+ −', 'zoom time'],
  ['Home, End', 'oldest and newest row'],
];

/** @typedef {{key: string, does: string, run: () => void}} Shortcut */

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} list
 * @param {Shortcut[]} shortcuts
 */
export function bindShortcuts(dialog, list, shortcuts) {
  const lines = [...shortcuts.map(({ key, does }) => [key === ' ' ? 'Space' : key.toUpperCase(), does]), ...PICTURE_KEYS];
  list.replaceChildren(
    ...lines.map(([key, does]) => {
      const line = document.createElement('div');
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = key;
      text.textContent = does;
      line.append(term, text);
      return line;
    }),
  );
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const { target } = event;
    if (target instanceof Element && target.matches('input:not([type="radio"]), select, textarea')) return;
    if (event.key === ' ' && target instanceof Element && target.matches('button, input, a')) return;
    const shortcut = shortcuts.find(({ key }) => key === event.key.toLowerCase());
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  });
}
