// @ts-check
// The demo page: the SDK's answers and events go to the page, the visitor's wishes to the SDK.

import { enableCopying } from './copy.js';
import { followLast, lookAgain, sendMessage } from './delivery.js';
import { note, showLadder } from './ladder.js';
import { EVENTS, logEvent } from './log.js';
import {
  currentState,
  part,
  ring,
  sendButton,
  showFacts,
  showState,
  subscribeButton,
  unsubscribeButton,
} from './page.js';
import { OBSTACLES, UNANSWERED, unblockHelp } from './states.js';

const SDK_PATIENCE = 10_000;

/** @type {string | null} */
let subscriberHash = null;

window.Sitebell = window.Sitebell || [];
Sitebell.push(start);
watchForSdk();
enableCopying();

/** @param {Sitebell.Bell} bell */
function start(bell) {
  EVENTS.forEach((name) => bell.on(name, (detail) => logEvent(name, detail)));
  for (const name of /** @type {const} */ (['permission', 'subscribe', 'update_subscription', 'unsubscribe'])) {
    bell.on(name, () => refresh(bell));
  }
  bell.on('show', ring);
  for (const name of /** @type {const} */ (['show', 'click', 'close'])) bell.on(name, lookAgain);
  subscribeButton.addEventListener('click', () => (currentState() === 'denied' ? recheck(bell) : subscribe(bell)));
  unsubscribeButton.addEventListener('click', () => unsubscribe(bell));
  part('send-form').addEventListener('submit', submit);
  refresh(bell);
}

/** @param {Sitebell.Bell} bell */
async function refresh(bell) {
  try {
    const status = await bell.status();
    subscriberHash = status.subscriberHash;
    showFacts(status);
    if (currentState() !== 'asking') showStatus(status);
  } catch (error) {
    showTrouble(/** @type {Sitebell.SitebellError} */ (error));
  }
}

/** @param {Sitebell.Status} status */
function showStatus({ obstacle, subscribed }) {
  if (obstacle === 'permission_denied') showState('denied', unblockHelp());
  else if (obstacle) showState('unsupported', OBSTACLES[obstacle]);
  else showState(subscribed ? 'subscribed' : 'offered');
  if (subscribed) followLast();
}

/** @param {Sitebell.Bell} bell */
async function recheck(bell) {
  await refresh(bell);
  if (currentState() === 'denied') showState('denied', `Still blocked. ${unblockHelp()}`);
}

/** @param {Sitebell.Bell} bell */
async function subscribe(bell) {
  showState('asking');
  try {
    ({ subscriberHash } = await bell.subscribe());
    showState('subscribed');
    sendButton.focus();
    await refresh(bell);
  } catch (error) {
    showTrouble(/** @type {Sitebell.SitebellError} */ (error));
    subscribeButton.focus();
  }
}

/** @param {Sitebell.Bell} bell */
async function unsubscribe(bell) {
  unsubscribeButton.disabled = true;
  try {
    await bell.unsubscribe();
    await refresh(bell);
    subscribeButton.focus();
  } catch (error) {
    showTrouble(/** @type {Sitebell.SitebellError} */ (error));
  }
  unsubscribeButton.disabled = false;
}

/** @param {Event} event */
async function submit(event) {
  event.preventDefault();
  if (!subscriberHash) return;
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  sendButton.disabled = true;
  try {
    await sendMessage(subscriberHash, {
      title: String(form.get('title')),
      body: String(form.get('body')),
      delay: form.has('later') ? 10 : 0,
    });
  } catch (error) {
    showLadder();
    note(/** @type {Error} */ (error).message);
  }
  sendButton.disabled = currentState() !== 'subscribed';
}

/** @param {Sitebell.SitebellError} error */
function showTrouble(error) {
  if (error.code === 'permission_denied') showState('denied', unblockHelp());
  else if (error.code === 'permission_dismissed') showState('offered', UNANSWERED);
  else showState('error', error.message, error.docs);
}

/** Its script may have failed before this one ran, and then no event tells: so ask for it again. */
async function watchForSdk() {
  setTimeout(reportMissingSdk, SDK_PATIENCE);
  if ('init' in Sitebell) return;
  const script = /** @type {HTMLScriptElement} */ (document.querySelector('script[data-site]'));
  const answer = await fetch(script.src).catch(() => null);
  if (!answer || !answer.ok) reportMissingSdk();
}

function reportMissingSdk() {
  if ('init' in Sitebell || currentState() === 'error') return;
  showState(
    'error',
    'The SDK did not arrive. Is “sitebell demo” still running in your terminal? Start it and try again.',
  );
  subscribeButton.addEventListener('click', () => location.reload(), { once: true });
}
