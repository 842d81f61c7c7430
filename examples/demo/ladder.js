// @ts-check
// The four steps of a message on the page: stored, accepted, shown, answered.

import { part } from './page.js';

const SHOWN_SOON = 15_000;

/** What ended a message early, by the count that the server reports. */
const FAULTS = {
  gone: 'Gone: the push service no longer knows this browser. Unsubscribe, then subscribe again.',
  failed: 'Failed: the push service refused the message. The log in your terminal says why.',
  expired: 'Expired: the push service could not be reached in time. Is this machine online?',
  skipped: 'Skipped: this browser was unsubscribed before the message went out.',
  cancelled: 'Cancelled before it went out.',
};

/**
 * @typedef {{id: string, status: string, counts: Record<string, number>}} Progress as the server tells it
 * @typedef {{id: string, sentAt: number, delay: number, isOld: boolean}} Sent times in milliseconds
 */

/** @param {Sent} sent */
export function startLadder(sent) {
  showLadder();
  document.querySelectorAll('.ladder li').forEach((step) => (step.className = ''));
  document.querySelectorAll('.step-when').forEach((place) => place.replaceChildren());
  nameLastStep('Clicked');
  markStep('stored', sent);
  note(sent.delay && !sent.isOld ? `It goes out in ${sent.delay / 1000} seconds. Close this tab if you like.` : '');
}

export function showLadder() {
  part('delivery').hidden = false;
  if (part('send').matches(':focus')) part('delivery').scrollIntoView({ block: 'nearest' });
}

/**
 * @param {Sent} sent
 * @param {Progress} progress
 * @returns {boolean} whether this is the end of it
 */
export function showProgress(sent, { status, counts }) {
  const fault = faultOf(status, counts);
  if (fault) {
    step('accepted').className = 'failed';
    note(fault);
    return true;
  }
  if (counts.accepted > 0) markStep('accepted', sent);
  if (counts.shown > 0) markStep('shown', sent);
  const answered = counts.clicked > 0 || counts.closed > 0;
  if (answered) {
    nameLastStep(counts.clicked > 0 ? 'Clicked' : 'Dismissed');
    markStep('answered', sent);
  }
  note(remark(sent, status, counts));
  return answered;
}

/** @param {string} text */
export function note(text) {
  const place = part('delivery-note');
  if (place.textContent !== text) place.textContent = text; // a screen reader hears every change
}

/**
 * @param {string} status
 * @param {Record<string, number>} counts
 */
function faultOf(status, counts) {
  const state = Object.keys(FAULTS).find((name) => counts[name] > 0 || status === name);
  if (state) return FAULTS[/** @type {keyof typeof FAULTS} */ (state)];
  return status === 'sent' && counts.recipients === 0 ? FAULTS.skipped : '';
}

/**
 * @param {Sent} sent
 * @param {string} status
 * @param {Record<string, number>} counts
 */
function remark(sent, status, counts) {
  const waited = Date.now() - sent.sentAt - sent.delay;
  if (counts.clicked > 0) return 'You clicked it, and the server knows.';
  if (counts.closed > 0) return 'You dismissed it, and the server knows.';
  if (counts.shown > 0) return 'It is on your screen: click it.';
  if (counts.retrying > 0) return 'The push service gave no answer yet. The server tries again by itself.';
  if (status === 'paused')
    return 'Paused: the push service refuses this server for now. The log in your terminal says why.';
  if (counts.accepted > 0 && waited > SHOWN_SOON) {
    return 'Accepted, but not shown yet. Is “do not disturb” on, or are notifications of this browser off in the system?';
  }
  return waited < 0 ? part('delivery-note').textContent || '' : '';
}

/**
 * @param {string} name
 * @param {Sent} sent
 */
function markStep(name, sent) {
  const place = step(name);
  if (place.className === 'done') return;
  place.className = 'done';
  const when = /** @type {HTMLElement} */ (place.querySelector('.step-when'));
  when.textContent = sent.isOld ? '' : elapsed(Date.now() - sent.sentAt - (name === 'stored' ? 0 : sent.delay));
}

/** @param {number} milliseconds */
function elapsed(milliseconds) {
  const seconds = Math.max(milliseconds, 100) / 1000;
  return `within ${seconds < 10 ? seconds.toFixed(1) : Math.ceil(seconds)} s`;
}

/** @param {string} name */
function nameLastStep(name) {
  /** @type {HTMLElement} */ (step('answered').querySelector('.step-name')).textContent = name;
}

/** @param {string} name */
function step(name) {
  return /** @type {HTMLElement} */ (document.querySelector(`[data-step="${name}"]`));
}
