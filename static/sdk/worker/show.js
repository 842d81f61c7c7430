// @ts-check
// Show first, all else after: a push without a notification costs the site its right to push.

/**
 * What may hold up the notification, how long its pictures may take, and what may follow it, in milliseconds. iOS
 * shows nothing of a push that hangs for ten seconds.
 */
const LOOKUP_TIME = 1000;
const PICTURES_TIME = 3000;
const AFTERMATH_TIME = 3000;
/** How long after a push the browser may take to look what it has shown, in milliseconds. */
const INSPECTION_TIME = 500;

/**
 * Settles when every push so far is through. Until then its notification has to stay: a browser that finds none at the
 * end of a push shows one of its own.
 *
 * @type {Promise<unknown>}
 */
let pushesAreThrough = Promise.resolve();

/**
 * @param {Message} message
 * @returns {Promise<unknown>}
 */
function onPush(message) {
  const work = show(message);
  pushesAreThrough = Promise.allSettled([pushesAreThrough, work]).then(inspection);
  return work;
}

/** @returns {Promise<unknown>} */
function inspection() {
  return new Promise((resolve) => setTimeout(resolve, INSPECTION_TIME));
}

/**
 * A message that comes again replaces its notification, without sound. If the visitor closed that one
 * already, it is there once more: rarer and milder than a browser that saw a push without a
 * notification, and shows its own, or (iOS, after three) ends the subscription.
 *
 * @param {Message} message
 */
async function show({ title, stamp, options }) {
  const isRepeated = await within(LOOKUP_TIME, wasSeen(stamp.message)).catch(() => false);
  const quiet = isRepeated ? { silent: true, renotify: false } : {};
  await display(title, { ...options, ...quiet });
  if (isRepeated) return;
  await aftermath(markSeen(stamp.message), report('shown', stamp), tellPagesAbout('show', title, options.data));
}

/**
 * Shows the notification in full, or what is essential if the browser does not take the rest, or is still loading it:
 * pictures that come later put the whole in its place. There is no deadline for the essential: a browser
 * that sees a push end before its notification is there shows one of its own.
 *
 * @param {string} title
 * @param {NotificationOptions} options
 */
async function display(title, options) {
  const { body, tag, data } = options;
  const { registration } = worker;
  try {
    await within(PICTURES_TIME, registration.showNotification(title, options));
  } catch {
    await registration.showNotification(title, { body, tag, data });
  }
}

/**
 * Waits a while for what only follows, whatever becomes of it.
 *
 * @param {...Promise<unknown>} works
 */
function aftermath(...works) {
  return within(AFTERMATH_TIME, Promise.allSettled(works)).catch(() => {});
}
