// @ts-check
// The parts of the page that follow the state: heading, button, bell, favicon, facts about this browser.

import { STATES } from './states.js';

/**
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 */
export function part(id) {
  return /** @type {Kind} */ (document.getElementById(id));
}

/** @type {HTMLButtonElement} */
export const subscribeButton = part('subscribe');
/** @type {HTMLButtonElement} */
export const unsubscribeButton = part('unsubscribe');
/** @type {HTMLButtonElement} */
export const sendButton = part('send');

/** @returns {import('./states.js').State} */
export function currentState() {
  return /** @type {any} */ (document.body.dataset.state);
}

/**
 * @param {import('./states.js').State} state
 * @param {string} [help] what to do about it
 * @param {string} [docs] a page that says more
 */
export function showState(state, help = '', docs = '') {
  const words = STATES[state];
  document.body.dataset.state = state;
  part('hero-title').textContent = words.title;
  part('hero-text').textContent = words.text;
  showHelp(help, docs);
  subscribeButton.hidden = words.button === null;
  subscribeButton.textContent = words.button;
  subscribeButton.disabled = words.enabled === false;
  unsubscribeButton.hidden = state !== 'subscribed';
  sendButton.disabled = state !== 'subscribed';
  part('send-hint').hidden = state === 'subscribed';
  part('favicon').setAttribute('href', `/demo/icons/mark-${words.icon}.svg`);
}

/**
 * @param {string} help
 * @param {string} docs
 */
function showHelp(help, docs) {
  const box = part('hero-help');
  box.hidden = !help;
  box.replaceChildren(help);
  if (docs) box.append(' ', docsLink(docs));
}

/** @param {string} url */
export function docsLink(url) {
  const link = document.createElement('a');
  link.href = url;
  link.textContent = 'What to do about it';
  return link;
}

/** Swings the bell once. */
export function ring() {
  const bell = part('bell');
  bell.classList.remove('ringing');
  void bell.getBoundingClientRect(); // starts the swing anew when a second push comes at once
  bell.classList.add('ringing');
}

/** @param {Sitebell.Status} status */
export function showFacts(status) {
  const permissions = { default: 'not asked yet', granted: 'granted', denied: 'blocked' };
  fact('permission', status.permission ? permissions[status.permission] : 'not available', {
    good: status.permission === 'granted',
    bad: status.permission === 'denied',
  });
  fact('subscription', status.subscribed ? 'subscribed' : 'none', { good: status.subscribed });
  const hash = status.subscribed ? status.subscriberHash : null;
  fact('subscriber', hash ? shortened(hash) : 'none', {});
  part('fact-subscriber').classList.toggle('hash', Boolean(hash));
  part('copy-subscriber').hidden = !hash;
  part('copy-subscriber').dataset.text = hash || '';
}

/**
 * @param {string} name
 * @param {string} text
 * @param {{good?: boolean, bad?: boolean}} mood
 */
function fact(name, text, { good = false, bad = false }) {
  const place = part(`fact-${name}`);
  place.textContent = text;
  place.classList.toggle('fact-good', good);
  place.classList.toggle('fact-bad', bad);
}

/** @param {string} hash */
export function shortened(hash) {
  return hash.length > 12 ? `${hash.slice(0, 6)}…${hash.slice(-4)}` : hash;
}
