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

/**
 * @typedef {object} Listener
 * @property {string} name of the event
 * @property {AnyHandler} key what off() is given
 * @property {AnyHandler} handler what is called
 */

/** @type {Listener[]} */
let listeners = [];

/** @type {{[event: string]: any}} */
const happenedWhileLoading = {};
let isLoading = true;

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
    return (self.reportError || console.error)(failure);
  }
}

/**
 * @template {keyof Sitebell.Events} Name
 * @param {Name} name
 * @param {Sitebell.Events[Name]} detail
 */
function emit(name, detail) {
  if (isLoading) happenedWhileLoading[name] = detail;
  for (const listener of listeners) if (listener.name === name) callSafely(listener.handler, detail);
}

/**
 * @param {string} name
 * @param {AnyHandler} handler
 * @param {AnyHandler} [key] what off() will be given
 */
async function on(name, handler, key = handler) {
  if (!EVENTS.includes(/** @type {any} */ (name))) throw complaint('unknown_event', name);
  listeners = [...listeners, { name, key, handler }];
  if (name in happenedWhileLoading) queueMicrotask(() => callSafely(handler, happenedWhileLoading[name]));
}

/**
 * @param {string} name
 * @param {AnyHandler} [handler]
 * @returns {Promise<any>} what the handler is given
 */
function once(name, handler) {
  return new Promise((resolve, reject) => {
    const key = handler || resolve;
    const hear = (/** @type {unknown} */ detail) => {
      off(name, key);
      callSafely(key, detail);
      resolve(detail);
    };
    on(name, hear, key).catch(reject);
  });
}

/**
 * @param {string} name
 * @param {AnyHandler} [handler]
 */
async function off(name, handler) {
  listeners = listeners.filter((one) => one.name !== name || (handler && one.key !== handler));
}
