// @ts-check
// Cache Storage as drawers of small JSON notes: page and worker both reach it, and a worker has no
// localStorage. The site may empty it at any time; whoever reads has to live with that.

/** The last acknowledged subscription. */
const SUBSCRIPTION_DRAWER = 'sitebell';
/** What the worker has still to tell the server. */
const OUTBOX_DRAWER = 'sitebell-outbox';

/**
 * @param {string} drawer
 * @param {string} name
 * @param {unknown} note
 */
async function keep(drawer, name, note) {
  try {
    const cache = await caches.open(drawer);
    await cache.put('/' + name, new Response(JSON.stringify(note)));
  } catch {
    // Storage is full or switched off.
  }
}
