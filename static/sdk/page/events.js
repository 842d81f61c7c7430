// @ts-check
// on, once, off. What happens while the page loads is kept for handlers that come late.

/** @typedef {(...details: any[]) => unknown} AnyHandler */

/** @type {(keyof Sitebell.Events)[]} */
const EVENTS = [
  'ready',
  'permission',
  'subscribe',
  'update_subscription',
  'unsubscribe',
  'show',
  'click',
  'close',
  'error',
];

/** @type {Map<string, Map<AnyHandler, AnyHandler>>} event name to what off() is given to what is called */
const handlers = new Map();
for (const name of EVENTS) handlers.set(name, new Map());

/** @type {Map<string, unknown>} */
const happenedWhileLoading = new Map();
let isLoading = true;

/** @param {string} name */
function handlersOf(name) {
  const found = handlers.get(name);
  if (!found) throw complaint('unknown_event', { name, known: EVENTS.join(', ') });
  return found;
}

/**
 * Calls the site's own code: what it throws stops nothing of ours. It goes to the console and to the page's
 * own handling of errors; thrown from here, a script of another origin, it would reach that as "Script error."
 *
 * @param {AnyHandler} handler
 * @param {...unknown} details
 * @returns {unknown} its result, if it had one
 */
function callSafely(handler, ...details) {
  try {
    return handler(...details);
  } catch (failure) {
    (self.reportError || console.error)(failure);
    return undefined;
  }
}

/**
 * @template {keyof Sitebell.Events} Name
 * @param {Name} name
 * @param {Sitebell.Events[Name]} detail
 */
function emit(name, detail) {
  if (isLoading) happenedWhileLoading.set(name, detail);
  for (const handler of [...handlersOf(name).values()]) callSafely(handler, detail);
}

/**
 * @param {string} name
 * @param {AnyHandler} handler
 */
async function on(name, handler) {
  attach(name, handler, handler);
}

/**
 * @param {string} name
 * @param {AnyHandler} [handler]
 * @returns {Promise<any>} what the handler is given
 */
function once(name, handler) {
  return new Promise((resolve) => {
    const key = handler || resolve;
    attach(name, key, (detail) => {
      handlersOf(name).delete(key);
      if (handler) callSafely(handler, detail);
      resolve(detail);
    });
  });
}

/**
 * @param {string} name
 * @param {AnyHandler} [handler]
 */
async function off(name, handler) {
  if (handler) handlersOf(name).delete(handler);
  else handlersOf(name).clear();
}

/**
 * @param {string} name
 * @param {AnyHandler} key what off() will be given
 * @param {AnyHandler} handler
 */
function attach(name, key, handler) {
  handlersOf(name).set(key, handler);
  if (!happenedWhileLoading.has(name)) return;
  queueMicrotask(() => callSafely(handler, happenedWhileLoading.get(name)));
}
