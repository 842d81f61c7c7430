// @ts-check
// Taking notes out of the drawers of shared/memory.js; the page only puts them in.

/**
 * @param {string} drawer
 * @param {readonly Request[]} names of notes
 */
async function discard(drawer, names) {
  const cache = await caches.open(drawer);
  await Promise.all(names.map((name) => cache.delete(name)));
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
  await discard(drawer, names.slice(0, -most));
}
