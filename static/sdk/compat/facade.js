// @ts-check
// What the facades share: each speaks another vendor's words to the page, and ours to `window.Sitebell`. The rules stay
// where they are; a facade only translates.

/**
 * @typedef {{[word: string]: string}} Words
 * @type {{server: string, site: string | null, dialect: string, ids: {[kind: string]: Words}, topics: Words}} the line
 * before this script; `site` is null when it names none of ours, `ids` are the vendor's and what they mean, `topics` ours
 * and the vendor's ids of them
 */
const config = /** @type {any} */ (self).SITEBELL_CONFIG;

/** @type {any} the SDK that is alive in this page: ours, or that of a script that came before us */
const sdk = window.Sitebell;

/** @param {string} what of the vendor's */
const warnUnknown = (what) => warn(`The ${what} is unknown here. See docs/leaving-${config.dialect}.md.`);

/**
 * Connects the page to its site, in the worker file that was the vendor's: what that one left there is taken over.
 *
 * @param {string} worker where the vendor's documentation puts the file
 * @returns {Promise<Sitebell.Status>}
 */
async function connect(worker) {
  if (!config.site) {
    warnUnknown('site of ' + scriptTag?.src);
    throw complaint('not_initialised');
  }
  // Behind another SDK script, this one's own parts have to find that one's record, too.
  adopt(/** @type {any} */ (config));
  const { worker: file = worker, scope = '/', takeover = 'yes' } = scriptTag?.dataset || {};
  return sdk.init({ site: config.site, server: config.server, worker: file, scope, takeover });
}

/** By ids of the vendor, of which `constructor` is one as any other. */
const byId = (/** @type {object | undefined} */ noted) => Object.assign(Object.create(null), noted);

/**
 * No page is told what is stored about its visitor: this is what this browser wrote of them.
 *
 * @returns {{[id: string]: any}}
 */
const wrote = () => byId(recall().written?.[config.dialect]);

/** @param {{[id: string]: any}} notes take the place of what was there */
const noteWritten = (notes) => remember({ written: { ...recall().written, [config.dialect]: notes } });

/**
 * Puts a facade in the place of a vendor's queue: what waits there is obeyed in order, what comes later at once. A script
 * that is loaded twice finds the first one at work.
 *
 * @param {string} name of the queue on `window`
 * @param {(command: any) => unknown} obey
 * @returns {any} the queue; null when it is at work already
 */
function takeOverQueue(name, obey) {
  const page = /** @type {any} */ (window);
  if (page[name]?.sitebell) return null;
  const queue = Array.isArray(page[name]) ? page[name] : [];
  const waiting = queue.splice(0);
  const push = (/** @type {any[]} */ ...commands) => commands.map((command) => callSafely(obey, command)).pop();
  page[name] = Object.assign(queue, { sitebell: true, push });
  queueMicrotask(() => push(...waiting));
  return queue;
}

/**
 * @param {{[name: string]: Function}} methods of the vendor
 * @param {any} command a name and what belongs to it; of anything else it is said that it is not known
 */
function perform(methods, command) {
  const [name, ...args] = Array.isArray(command) ? command : [typeof command];
  if (Object.keys(methods).includes(name)) return methods[name](...args);
  warnUnknown(name);
}
