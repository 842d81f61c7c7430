// @ts-check
// The service worker: somebody's that imports ours, or one that we register.

/** How long a worker may take to become active, in milliseconds. */
const START_TIME = 15000;

const workerUrl = () => new URL(settings.worker || DEFAULT_WORKER, location.href);
const scopeUrl = () => new URL(settings.scope || DEFAULT_SCOPE, location.href).href;

/** @param {ServiceWorkerRegistration} registration */
const workerOf = ({ active, waiting, installing }) => active || waiting || installing;

/**
 * Is this a registration of the file that the settings name? Queries differ (versions, our mark).
 *
 * @param {ServiceWorkerRegistration} registration
 */
const runsOurFile = (registration) =>
  workerOf(registration)?.scriptURL.split('?')[0] === workerUrl().href.split('?')[0];

/** @returns {Promise<ServiceWorkerRegistration | undefined>} */
async function findRegistration() {
  const registrations = (await navigator.serviceWorker.getRegistrations()).filter(runsOurFile);
  return registrations.find(({ scope }) => scope === scopeUrl()) || registrations[0];
}

/**
 * Registers the worker file with the mark `own`: worker/config.js says what it is for.
 *
 * @param {string} [scope]
 */
function register(scope = scopeUrl()) {
  const url = workerUrl();
  url.searchParams.set('own', '1');
  return navigator.serviceWorker.register(url, { scope, updateViaCache: 'none' });
}

/**
 * The browser gives no subscription before a worker is active. `serviceWorker.ready` would not do:
 * it waits for a worker that controls this page, and ours need not.
 *
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<ServiceWorkerRegistration>}
 */
async function activated(registration) {
  const worker = workerOf(registration);
  while (worker && !registration.active) {
    await new Promise((resolve) => worker.addEventListener('statechange', resolve));
    if (worker.state === 'redundant') throw worker.state;
  }
  return registration;
}

/** @returns {Promise<ServiceWorkerRegistration>} with an active worker */
async function startWorker() {
  try {
    const found = await findRegistration();
    // Of a file that was another system's, the old worker goes on until ours is registered in its place.
    const isOurs =
      found &&
      (!settings.takeover || settings.takeover === 'subscription' || workerOf(found)?.scriptURL.split('?own')[1]);
    return await within(START_TIME, activated(isOurs ? found : await register(found?.scope)));
  } catch (reason) {
    throw complaint('worker_failed', workerUrl() + ' ' + reason);
  }
}

/** @returns {Promise<PushSubscription | null | undefined>} what the browser has now */
async function presentSubscription() {
  // Most visitors of most pages: no permission, so nothing to look up.
  if (!isPushPossible() || Notification.permission !== 'granted') return null;
  return (await findRegistration())?.pushManager.getSubscription();
}
