// @ts-check
// window.Sitebell: an array of waiting commands before this script, the same object alive after it.

/** Their last argument is a handler, never a callback; they work before the site is known. */
const ABOUT_EVENTS = { on, once, off };

/** @type {{[name: string]: Function}} */
const methods = {
  init,
  subscribe,
  unsubscribe,
  status: readStatus,
  ...ABOUT_EVENTS,
  identify,
  logout,
  topics,
  track,
  ...TELLING_METHODS,
  pause: chooser('pause'),
  resume: chooser('resume'),
};

/** @type {Promise<Sitebell.Status> | undefined} */
let whenReady;

/**
 * @param {Sitebell.Options} options
 * @returns {Promise<Sitebell.Status>}
 */
async function init(options) {
  const site = options?.site;
  if (whenReady && site && site !== settings.site) throw complaint('already_initialised');
  if (!whenReady) {
    if (!site) throw complaint('not_initialised');
    settings.server = (options.server || settings.server).replace(/\/+$/, '');
    adopt(options);
    adopt(recall());
    collect();
    whenReady = begin();
  }
  return whenReady;
}

async function begin() {
  const status = await knownStatus();
  emit('ready', status);
  if (isPushPossible()) {
    navigator.serviceWorker.addEventListener('message', hearWorker);
    exclusively(reconcile)
      .catch(report)
      .then(() => {
        // Not before: a failure, too, is for handlers that come late.
        isLoading = false;
        return wakeWorkerForItsOutbox();
      })
      .catch(report);
  }
  return status;
}

/**
 * @param {string} name
 * @param {any[]} args with or without a callback at the end
 */
function call(name, args) {
  const isAboutEvents = name in ABOUT_EVENTS;
  const callback = !isAboutEvents && typeof args[args.length - 1] === 'function' && args.pop();
  // Synchronous up to the method's own first `await`: a click still counts as one.
  const perform = async () => {
    if (!methods[name]) throw complaint('unknown_method', name);
    if (!whenReady && name !== 'init' && !isAboutEvents) throw complaint('not_initialised');
    return methods[name](...args);
  };
  const outcome = perform().catch(async (failure) => {
    throw await report(failure);
  });
  if (callback) {
    outcome.then(
      (result) => callSafely(callback, result),
      (error) => callSafely(callback, undefined, error),
    );
  }
  return outcome;
}

/**
 * Every failure reaches the handlers of `error`, and the console once.
 *
 * @param {any} failure whatever was thrown
 * @returns {Promise<Sitebell.SitebellError>}
 */
async function report(failure) {
  const error = failure?.docs ? failure : complaint('unexpected', failure);
  if (!error.message) await explain(error);
  warn(`${error.code}: ${error.message} ${error.docs}`);
  emit('error', error);
  return error;
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
for (const name in methods) bell[name] = (/** @type {any[]} */ ...args) => call(name, args);

/** @param {any} queue what the page made of window.Sitebell so far */
function takeOver(queue) {
  const target = Array.isArray(queue) ? queue : [];
  const waiting = target.splice(0);
  window.Sitebell = Object.assign(target, bell);
  if (scriptTag?.dataset.site) call('init', [scriptTag.dataset]);
  // The others are about the site that `init` names.
  const isInit = (/** @type {any} */ command) => command[0] === 'init';
  push(...waiting.filter(isInit), ...waiting.filter((/** @type {any} */ command) => !isInit(command)));
}

// A page that includes the script twice keeps the first.
if (!window.Sitebell?.init) takeOver(window.Sitebell);
