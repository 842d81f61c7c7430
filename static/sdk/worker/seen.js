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
