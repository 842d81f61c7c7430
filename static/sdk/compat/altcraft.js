// @ts-check
// window.AKPush: Altcraft's words for the page.

/** Where the vendor's toolkit puts its worker file. */
const ALTCRAFT_WORKER = '/service-worker.js';
/** In localStorage while the page has been told to forget the token: removeToken() tells nobody else. */
const FORGOTTEN = 'sitebell:akpush';

/** What user agents say of themselves, and the vendor's names for that; the first that fits. */
const ALTCRAFT_BROWSERS = [
  ['YaBrowser', 'Yandex Browser'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet for Android'],
  ['Edg', 'Edge'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
];

/** @param {string} token */
function altcraftPayload(token) {
  const browser = ALTCRAFT_BROWSERS.find(([mark]) => navigator.userAgent.includes(mark + '/'))?.[1] || '';
  return { browser, provider: browser.replace(/ /g, ''), token };
}

/** @type {{[name: string]: (detail: any) => object}} our events, in the vendor's words */
const ALTCRAFT_EVENTS = {
  subscribe: ({ endpoint }) => altcraftPayload(endpoint),
  update_subscription: ({ endpoint, previousEndpoint = null }) => ({
    ...altcraftPayload(endpoint),
    tokenCached: previousEndpoint,
  }),
};

let isForgotten = false;

/** @param {boolean} is */
function forget(is) {
  isForgotten = is;
  try {
    if (is) localStorage[FORGOTTEN] = 1;
    else delete localStorage[FORGOTTEN];
  } catch {
    // Storage is switched off: the page forgets it as long as it is open.
  }
}

/** Is there a token that the page has not been told to forget? */
const hasToken = async () => !isForgotten && (await sdk.status()).subscribed;

/** @type {(options: {[option: string]: any}) => void} */
let joinAltcraft;

/** @type {Promise<object | null>} what the page load found again, once the page is connected to its site */
const foundAgain = new Promise((resolve) => {
  // Of the vendor's options `swPath` counts; what fails was told by the SDK.
  joinAltcraft = ({ swPath = ALTCRAFT_WORKER }) => {
    // The first one says where the worker is, for the whole page.
    joinAltcraft = () => {};
    resolve(
      connect(swPath)
        .then(recallToken)
        .catch(() => null),
    );
  };
});

/**
 * A page that says nothing is connected only to a worker that is where the vendor's was: it may say later, with its first
 * `new AKPush()`, that the file is elsewhere.
 */
async function joinKnownWorker() {
  const file = new URL(scriptTag?.dataset.worker || ALTCRAFT_WORKER, location.href).href;
  const all = isPushPossible() ? await navigator.serviceWorker.getRegistrations() : [];
  if (all.some((one) => workerOf(one)?.scriptURL.split('?')[0] === file)) joinAltcraft({});
}

/** A page load finds the token again that removeToken() dropped: then it is a new one, as the vendor has it. */
async function recallToken() {
  let wasForgotten;
  try {
    wasForgotten = localStorage[FORGOTTEN];
  } catch {
    // Storage is switched off.
  }
  const endpoint = wasForgotten && (await presentSubscription())?.endpoint;
  // What this page was told to forget itself stays so until the next page load.
  if (!endpoint || isForgotten) return null;
  forget(false);
  return ALTCRAFT_EVENTS.update_subscription({ endpoint });
}

/**
 * @param {{[key: string]: any}} [match] `email`, `phone`, and `db`: a number or a list
 * @returns {{match?: object, databaseIds?: number[]}}
 */
function altcraftMatch({ db, email, phone, ...others } = {}) {
  for (const name in others) warn(`Altcraft's match has email, phone and db: ${name} was not used.`);
  return { match: email || phone ? { email, phone } : undefined, databaseIds: db === undefined ? db : [db].flat() };
}

/** @type {{[name: string]: (...args: any[]) => any}} with the options of the instance before the vendor's own arguments */
const ALTCRAFT_METHODS = {
  async initSubscription(options, match, fields, customData) {
    for (const name in customData) warn(`customData has no meaning here: ${name} was not kept.`);
    if (!isPushPossible() || Notification.permission !== 'default') return;
    // Nothing is awaited before this, or a click would not count as one. What fails is told by the SDK.
    await sdk.subscribe({ ...altcraftMatch(match), fields, token: options.jwt }).catch(() => {});
  },

  async updateSubscription(options, match, fields, inexclusive = false) {
    if (!(await hasToken())) throw Error('There is no token: call initSubscription first.');
    const { match: who, databaseIds } = altcraftMatch(match);
    await sdk.update(who, fields, { databaseIds, exclusive: !inexclusive, token: options.jwt });
  },

  async removeToken() {
    try {
      if (!(await hasToken())) return { result: 'not-found' };
      forget(true);
      return { result: 'success' };
    } catch (error) {
      return { result: 'error', error };
    }
  },
};

/**
 * Gives an object the methods that it does not have. Promises and JSON.stringify ask every object for methods of theirs.
 *
 * @template {object} Known
 * @param {Known} known
 * @param {(name: string, args: any[]) => unknown} obey
 * @returns {Known}
 */
const withAllMethods = (known, obey) =>
  new Proxy(known, {
    get: (object, name) =>
      typeof name === 'symbol' || name in object || ['then', 'toJSON'].includes(name)
        ? Reflect.get(object, name)
        : (/** @type {any[]} */ ...args) => obey(name, args),
  });

/**
 * `new AKPush(options?)`.
 *
 * @param {{[option: string]: any}} [options]
 */
function AKPush(options = {}) {
  joinAltcraft(options);
  return withAllMethods({}, (name, args) => perform(ALTCRAFT_METHODS, [name, options, ...args]));
}

AKPush.removeToken = () => {
  joinAltcraft({});
  return ALTCRAFT_METHODS.removeToken();
};
AKPush.events = withAllMethods(
  {
    /**
     * @param {string} name
     * @param {(detail: any) => unknown} handler
     */
    on(name, handler) {
      const translate = ALTCRAFT_EVENTS[name];
      if (!translate) return warnUnknown('event ' + name);
      sdk.on(name, (/** @type {any} */ detail) => handler(translate(detail)));
      if (name !== 'subscribe') foundAgain.then((payload) => payload && callSafely(handler, payload));
    },
  },
  warnUnknown,
);

// A page that includes the script twice, or the vendor's own beside it, keeps the first.
if (!(/** @type {any} */ (window).AKPush)) {
  Object.assign(window, { AKPush: withAllMethods(AKPush, warnUnknown) });
  for (const name in ALTCRAFT_EVENTS) sdk.on(name, () => forget(false));
  const atLoad = () => setTimeout(joinKnownWorker);
  if (document.readyState === 'complete') atLoad();
  else addEventListener('load', atLoad);
}
