// @ts-check
// Copy buttons: `data-copy` names the element whose text is copied, `data-text` holds the text itself.

import { part } from './page.js';

export function enableCopying() {
  document.querySelectorAll('button.copy').forEach((button) => {
    button.addEventListener('click', () => copy(/** @type {HTMLButtonElement} */ (button)));
  });
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const source = part(button.dataset.copy || '');
  const text = source ? source.textContent || '' : button.dataset.text || '';
  try {
    await navigator.clipboard.writeText(text);
    announce(button, 'Copied');
  } catch {
    if (source) getSelection()?.selectAllChildren(source);
    announce(button, source ? 'Selected' : text);
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} word
 */
function announce(button, word) {
  const label = /** @type {ChildNode} */ (button.firstChild);
  label.textContent = word;
  part('said').textContent = word;
  setTimeout(() => (label.textContent = 'Copy'), 2000);
}
