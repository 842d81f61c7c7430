// @ts-check
// The worker's events. Listeners are added while the script runs, or browsers would not wake us for them.

/** No event keeps the worker longer, in milliseconds, but a push: that one has to end with a notification. */
const PATIENCE = 5000;

/**
 * Handles what is ours and keeps it from the other listeners of a worker that imports us; what is not
 * ours passes untouched.
 *
 * @param {string} type
 * @param {(event: any) => Promise<unknown> | null} handle returns null for what is not ours
 */
function listen(type, handle) {
  worker.addEventListener(type, (event) => {
    const work = handle(event);
    if (!work) return;
    event.stopImmediatePropagation();
    /** @type {ExtendableEvent} */ (event).waitUntil(type === 'push' ? work : within(PATIENCE, work));
  });
}

function start() {
  listen('push', (event) => {
    const message = readMessage(event);
    return message && onPush(message);
  });
  listen('notificationclick', onClick);
  listen('notificationclose', onClose);
  listen('message', ({ data }) => (data && data.sitebell === 'flush' ? flush() : null));
  listen('sync', ({ tag }) => (tag === 'sitebell' ? flushOnSync() : null));
  // Not kept from others: whether it is about our subscription takes a look into the drawer.
  worker.addEventListener('pushsubscriptionchange', (event) => {
    event.waitUntil(within(PATIENCE, renew(event)));
  });
  if (isWholeWorker) worker.addEventListener('install', () => worker.skipWaiting());
}

// A worker that imports us twice gets one of us.
const scope = /** @type {any} */ (self);
if (!scope.sitebell) start();
scope.sitebell = true;
