// @ts-check
// CleverPush's words: CleverPush.push(['method', ...args, callback]), on and once, and the bridge for the page's frames.
// Its ids of topics, tags and attributes mean what `sitebell sites alias` says; ids of subscriptions are ours.

/** @typedef {(...values: any[]) => unknown} CleverCallback */

const cleverPage = /** @type {any} */ (window);

/** @type {{[kind: string]: {[id: string]: string}}} */
const cleverIds = /** @type {any} */ (door).ids || {};

/** @returns {{[id: string]: any}} what is noted by ids, in which `constructor` is an id as any other */
const byId = (/** @type {object | undefined} */ noted) => Object.assign(Object.create(null), noted);

const ourName = (/** @type {string} */ kind, /** @type {string} */ id) => byId(cleverIds[kind])[id] || id;

/** @type {string | undefined} JWT of the site's back end, which CleverPush calls the authoriser's */
let cleverToken;

/** Among the attributes, whose ids do not begin with a blank. */
const CLEVER_TAGS = ' tags';

/**
 * No page is told what is stored about its visitor: these are tags and attributes as this browser wrote them.
 *
 * @returns {{[id: string]: any}}
 */
const cleverWrote = () => byId(/** @type {any} */ (recall()).cleverpush);

/**
 * @param {string} id
 * @param {unknown} value
 * @param {{[id: string]: any}} [others]
 */
const noteWriting = (id, value, others = cleverWrote()) =>
  remember(/** @type {any} */ ({ cleverpush: { ...others, [id]: value } }));

/** @returns {any[]} */
const valuesOf = (/** @type {string} */ id) => [].concat(cleverWrote()[id] ?? []);

const removing = (/** @type {string} */ id, /** @type {any} */ value) => valuesOf(id).filter((one) => one !== value);

const adding = (/** @type {string} */ id, /** @type {any} */ value) => removing(id, value).concat(value);

/** @type {Promise<unknown> | undefined} */
let cleverSubscription;

/** @returns {Promise<unknown>} once there is a subscription, which may be never */
function whenSubscribed() {
  cleverSubscription ||= new Promise((resolve) => {
    sdk.once('subscribe', resolve);
    sdk.status().then((/** @type {Sitebell.Status} */ { subscribed }) => subscribed && resolve(0), ignore);
  });
  return cleverSubscription;
}

const ignore = () => {};

/**
 * @param {Promise<any>} work
 * @param {CleverCallback} [callback] `(error, value)`
 */
const answerBoth = (work, callback = ignore) =>
  work.then(
    (value) => callSafely(callback, null, value),
    (error) => callSafely(callback, error),
  );

/**
 * @param {string} id
 * @param {unknown} change what the server is told: a value, or one operation
 * @param {() => unknown} after what the attribute holds then
 * @param {CleverCallback} [callback] `()`
 */
async function writeAttribute(id, change, after, callback = ignore) {
  const options = { token: cleverToken };
  if (id === 'user_id' && !cleverIds.attribute?.[id]) {
    await sdk.identify(change, options);
    // What was written of somebody else is not this visitor's.
    noteWriting(id, change, cleverWrote()[id] === change ? undefined : {});
  } else {
    await whenSubscribed();
    await sdk.setFields({ [ourName('attribute', id)]: change }, options);
    noteWriting(id, after());
  }
  callback();
}

/**
 * @param {'tag' | 'untag'} method
 * @param {(id: string, value: string) => string[]} change to what this browser wrote
 */
const tagger = (method, change) => async (/** @type {string} */ id) => {
  await whenSubscribed();
  await sdk[method](ourName('tag', id));
  noteWriting(CLEVER_TAGS, change(CLEVER_TAGS, id));
};

/** The vendor's event `topicsSet`; it never comes from the SDK, which may be another script's. */
const TOPICS_SET = /** @type {any} */ ('topicsSet');
EVENTS.push(TOPICS_SET);

/** @type {{[method: string]: (...args: any[]) => any}} */
const cleverMethods = {
  /** @type {(force: boolean | CleverCallback, callback?: CleverCallback) => unknown} */
  triggerOptIn: (force, callback = ignore) => {
    if (typeof force === 'function') return cleverMethods.triggerOptIn(false, force);
    const hasLeft = !force && knownMembership().status === 'unsubscribed';
    return hasLeft ? callback(Error('unsubscribed')) : cleverMethods.subscribe(callback);
  },
  subscribe: (callback) => answerBoth(sdk.subscribe().then(idOf), callback),
  unsubscribe: () => sdk.unsubscribe().then(() => (cleverSubscription = undefined)),
  isSubscribed: (callback) => cleverMethods.getSubscriptionId((/** @type {any} */ id) => callback(!!id)),
  getSubscriptionId: (callback) => answerBoth(sdk.status().then(idOf), (_, id) => callback(id || false)),
  getNotifications: (callback) => answerBoth(received(), (_, list = []) => callback(list)),
  tagSubscription: tagger('tag', adding),
  untagSubscription: tagger('untag', removing),
  getTags: (callback) => answerBoth(whenSubscribed().then(writtenTags), callback),
  getTopics: (callback) => answerBoth(whenSubscribed().then(chosenTopics), callback),
  setTopics: async (ids) => {
    await whenSubscribed();
    await sdk.setTopics(ids.map((/** @type {string} */ id) => ourName('topic', id)));
    emit(TOPICS_SET, ids);
  },
  trackEvent: async (name, data) => {
    await whenSubscribed();
    await sdk.track(name, data);
  },
  triggerFollowUpEvent: (campaignId, name, data) => cleverMethods.trackEvent(name, { ...data, campaignId }),
  setAttribute: (id, value, callback) => writeAttribute(id, value, () => value, callback),
  getAttribute: (id, callback) => callback(cleverWrote()[id]),
  hasAttribute: (id, callback) => callback(id in cleverWrote()),
  incAttribute: (id, n, callback) => writeAttribute(id, { incr: n }, () => (cleverWrote()[id] || 0) + n, callback),
  hasAttributeValue: (id, value, callback) => callback(valuesOf(id).includes(value)),
  pushAttributeValue: (id, value, callback) =>
    writeAttribute(id, { upsert: [value] }, () => adding(id, value), callback),
  pullAttributeValue: (id, value, callback) =>
    writeAttribute(id, { delete: [value] }, () => removing(id, value), callback),
};

async function received() {
  const subscription = credentialOf(await mustOwnSubscription());
  const { notifications } = await ask('/subscription/notifications', { subscription });
  return notifications.map((/** @type {any} */ one) => ({ ...one, text: one.body }));
}

const writtenTags = () => valuesOf(CLEVER_TAGS);

/** @param {any} state a status, or a membership, which has no `subscribed` */
const idOf = ({ subscribed = true, subscriberHash }) => subscribed && subscriberHash;

async function chosenTopics() {
  /** @type {Sitebell.Topic[]} */
  const topics = await sdk.topics();
  const ids = Object.entries(cleverIds.topic || {});
  const chosen = topics.filter((topic) => topic.chosen);
  return chosen.map(({ name }) => ids.find(([, ours]) => ours === name)?.[0] || name);
}

/** @type {{[name: string]: string}} */
const CLEVER_EVENTS = { initialized: 'ready', subscribed: 'subscribe', unsubscribed: 'unsubscribe' };

/** @param {'on' | 'once'} how */
const cleverListener = (how) => (/** @type {string} */ name, /** @type {CleverCallback} */ handler) => {
  const ours = CLEVER_EVENTS[name];
  if (ours) sdk[how](ours, (/** @type {any} */ { subscriberHash }) => handler(subscriberHash));
  else if (name === TOPICS_SET) ABOUT_EVENTS[how](name, handler);
  else perform({}, 'CleverPush', [name]);
};

/** What a page calls without the queue. */
const cleverDirect = {
  initialized: false,
  on: cleverListener('on'),
  once: cleverListener('once'),
  setAuthorizerToken: (/** @type {string} */ token) => (cleverToken = token),
  generateWalletPass: (/** @type {any[]} */ ...args) => {
    perform({}, 'CleverPush', ['generateWalletPass']);
    args.pop()(Error('unknown'));
  },
};

/** @param {Error} [error] */
const tellInitialised = (error) => callSafely(cleverPage.cleverPushInitCallback || ignore, error);

// What fails was told by the SDK.
const cleverQueue = takeOverQueue('CleverPush', (command) =>
  Promise.resolve(perform(cleverMethods, 'CleverPush', command)).catch(ignore),
);

/** @param {MessageEvent} event of a frame: only the page's own origin, and those that `data-frames` names, are heard */
function hearFrame({ origin, data }) {
  const allowed = [location.origin, ...(scriptTag?.dataset.frames || '').split(' ')];
  if (data?.type === 'cleverpush' && allowed.includes(origin))
    cleverQueue.push([data.method].concat(data.arguments || []));
}

if (cleverQueue) {
  Object.assign(cleverQueue, cleverDirect);
  self.addEventListener('message', hearFrame);
  connect(cleverPage.cleverPushConfig?.serviceWorkerFile || '/cleverpush-worker.js').then(({ supported }) => {
    cleverQueue.initialized = true;
    tellInitialised(supported ? undefined : Error('unsupported'));
  }, tellInitialised);
} else tellInitialised(Error('already initialised'));
