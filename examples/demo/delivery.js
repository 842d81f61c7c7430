// @ts-check
// One message: sent, then asked about with growing pauses until its end is known, and never while nobody looks.

import { note, showProgress, startLadder } from './ladder.js';

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;
const PATIENCE = 10 * 60 * 1000;
const STORAGE = 'demo-message';

/** @type {import('./ladder.js').Sent | null} */
let current = null;
let isAtEnd = false;
let pause = FIRST_PAUSE;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

document.addEventListener('visibilitychange', lookAgain);

/**
 * Sends a message to one subscriber and follows it. Rejects with the server's sentence.
 *
 * @param {string} subscriberHash
 * @param {{title: string, body: string, delay: number}} content delay in seconds
 */
export async function sendMessage(subscriberHash, content) {
  const sentAt = Date.now();
  const { id } = await request('/demo/send', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ subscriber_hash: subscriberHash, ...content }),
  });
  const sent = { id, sentAt, delay: content.delay * 1000, isOld: false };
  remember(sent);
  follow(sent);
}

/** Takes up the message of an earlier visit: a click on it may have opened this page. */
export function followLast() {
  const sent = current ? null : remembered();
  if (sent && Date.now() - sent.sentAt < PATIENCE) follow({ ...sent, isOld: true });
}

/** Looks at once: the browser has just said that something happened, or the page is seen again. */
export function lookAgain() {
  pause = FIRST_PAUSE;
  if (current && !isAtEnd) lookLater();
}

/** @param {import('./ladder.js').Sent} sent */
function follow(sent) {
  current = sent;
  isAtEnd = false;
  startLadder(sent);
  lookAgain();
}

function lookLater() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(look, pause);
  pause = Math.min(pause * 1.5, LONGEST_PAUSE);
}

async function look() {
  const sent = current;
  if (!sent) return;
  try {
    const progress = await request(`/demo/messages/${sent.id}`);
    if (sent !== current) return;
    isAtEnd = showProgress(sent, progress);
  } catch (error) {
    if (sent === current) note(/** @type {Error} */ (error).message);
  }
  if (sent === current && !isAtEnd && Date.now() - sent.sentAt < PATIENCE) lookLater();
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the JSON of the answer
 */
async function request(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error('The server does not answer. Is it still running in your terminal?');
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error?.message || `The server answered ${response.status}. Its log says why.`);
  return body;
}

/** @param {import('./ladder.js').Sent} sent */
function remember(sent) {
  try {
    localStorage.setItem(STORAGE, JSON.stringify(sent));
  } catch {
    return; // storage is blocked: the message is followed until the tab is closed
  }
}

/** @returns {import('./ladder.js').Sent | null} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE) || 'null');
  } catch {
    return null;
  }
}
