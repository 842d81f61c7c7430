// @ts-check
// Which messages were shown already. The server delivers at least once, the visitor should be told once.

const SEEN_DRAWER = 'sitebell-seen';
const MOST_SEEN = 50;

/** @param {string} message id; empty for what is no message of ours */
async function wasSeen(message) {
  if (!message) return false;
  const cache = await caches.open(SEEN_DRAWER);
  return !!(await cache.match('/' + message));
}

/** @param {string} message id */
async function markSeen(message) {
  await keep(SEEN_DRAWER, message, true);
  await trim(SEEN_DRAWER, MOST_SEEN);
}

/**
 * Drops the oldest notes.
 *
 * @param {string} drawer
 * @param {number} most that may stay
 */
async function trim(drawer, most) {
  const cache = await caches.open(drawer);
  const names = await cache.keys();
  await Promise.all(names.slice(0, -most).map((name) => cache.delete(name)));
}
