// @ts-check
// Where this worker belongs. The server writes the config as the line before this script, since an
// imported script cannot see its own URL.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** @type {{server: string, site: string | null}} `site` is null when the server does not know the token */
const config = /** @type {any} */ (self).SITEBELL_CONFIG;

/**
 * Are we the whole worker, or a guest in somebody's? The page SDK puts this mark on the URL when it
 * registers the file itself, which it does only where no registration of that file exists. A guest
 * leaves alone what is not ours: other systems' pushes, and when the host's worker takes over.
 */
const isWholeWorker = new URLSearchParams(location.search).has('own');
