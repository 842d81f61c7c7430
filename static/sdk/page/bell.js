// @ts-check
// window.Sitebell: an array of waiting commands before this script, the same object alive after it.

/** @type {{[Name in Exclude<keyof Sitebell.Bell, 'push'>]: Function}} */
const methods = { init, subscribe, unsubscribe, status: readStatus, on, once, off };

/** Their last argument is a handler, never a callback; they work before the site is known. */
const ABOUT_EVENTS = ['on', 'once', 'off'];

/** @type {Promise<Sitebell.Status> | undefined} */
let whenReady;

/**
 * @param {Sitebell.Options} options
 * @returns {Promise<Sitebell.Status>}
 */
async function init(options) {
  const site = options && options.site;
  if (whenReady && site && site !== settings.site) throw complaint('already_initialised');
  if (!whenReady) {
    if (!site) throw complaint('not_initialised');
    adopt(options);
    if (scriptTag && scriptTag.src) adopt({ server: serverBehind(scriptTag.src) });
    adopt(recall());
    settings.server = settings.server.replace(/\/+$/, '');
    whenReady = begin();
  }
  return whenReady;
}

async function begin() {
  const status = await knownStatus();
  emit('ready', status);
  if (isPushPossible()) {
    navigator.serviceWorker.addEventListener('message', hearWorker);
    inBackground(settleIn);
  }
  return status;
}

async function settleIn() {
  try {
    await exclusively(reconcile);
  } finally {
    isLoading = false;
  }
  await wakeWorkerForItsOutbox();
}

/**
 * Runs one method. Synchronous up to the method's own first `await`, so that a click still counts as one.
 *
 * @param {string} name
 * @param {any[]} args
 */
async function perform(name, args) {
  const method = /** @type {{[name: string]: Function | undefined}} */ (methods)[name];
  if (!method) throw complaint('unknown_method', { name, known: Object.keys(methods).join(', ') });
  if (!whenReady && name !== 'init' && !ABOUT_EVENTS.includes(name)) throw complaint('not_initialised');
  return method(...args);
}

/**
 * @param {string} name
 * @param {any[]} args with or without a callback at the end
 */
function call(name, args) {
  const last = args[args.length - 1];
  const callback = typeof last === 'function' && !ABOUT_EVENTS.includes(name) ? args.pop() : null;
  const outcome = perform(name, args).catch((failure) => {
    throw report(failure);
  });
  if (callback) {
    outcome.then(
      (result) => callSafely(callback, result),
      (error) => callSafely(callback, undefined, error),
    );
  }
  return outcome;
}

/** @type {Set<string>} */
const written = new Set();

/**
 * Every failure reaches the handlers of `error`, and the console once.
 *
 * @param {unknown} failure
 */
function report(failure) {
  const error = asSitebellError(failure);
  if (!written.has(error.message)) console.warn(`[Sitebell] ${error.code}: ${error.message} ${error.docs}`);
  written.add(error.message);
  emit('error', error);
  return error;
}

/** @param {() => Promise<unknown>} work that nobody waits for */
function inBackground(work) {
  work().catch(report);
}

/**
 * @param {...any} commands `['method', ...args]` or `function (bell) {}`
 * @returns {Promise<any>} the outcome of the last one
 */
async function push(...commands) {
  return commands.map(obey).pop();
}

/** @param {any} command */
function obey(command) {
  if (typeof command === 'function') return callSafely(command, bell);
  const [name, ...args] = command;
  const outcome = call(name, args);
  // report() has told; a queued command has nobody who could catch.
  outcome.catch(() => {});
  return outcome;
}

/** @type {any} */
const bell = { push };
for (const name of Object.keys(methods)) bell[name] = (/** @type {any[]} */ ...args) => call(name, args);

/** @param {any} queue what the page made of window.Sitebell so far */
function takeOver(queue) {
  const waiting = Array.isArray(queue) ? queue.splice(0) : [];
  window.Sitebell = Array.isArray(queue) ? Object.assign(queue, bell) : bell;
  if (scriptTag && scriptTag.dataset.site) call('init', [scriptTag.dataset]);
  const isInit = (/** @type {any} */ command) => !!command && command[0] === 'init';
  for (const command of waiting.filter(isInit)) push(command);
  for (const command of waiting) if (!isInit(command)) push(command);
}

// A page that includes the script twice keeps the first.
if (!(window.Sitebell && 'init' in window.Sitebell)) takeOver(window.Sitebell);
