// @ts-check
// CleverPush's words: CleverPush.push(['method', ...args, callback]), on and once, and the bridge for the page's frames.
// Its ids of topics, tags and attributes mean what `sitebell sites alias` says; ids of subscriptions are ours.

/** @typedef {(...values: any[]) => unknown} CleverCallback */

/** Among the attributes, whose ids do not begin with a blank. */
const CLEVER_TAGS = ' tags';

/** The vendor's event `topicsSet`; it never comes from the SDK, which may be another script's. */
const TOPICS_SET = /** @type {any} */ ('topicsSet');

/** @type {{[name: string]: string[]}} the vendor's other events, and ours */
const CLEVER_EVENTS = {
  initialized: ['ready'],
  subscribed: ['subscribe', 'update_subscription'],
  unsubscribed: ['unsubscribe'],
};

/** @type {{token?: string}} JWT of the site's back end, which CleverPush calls the authoriser's */
const cleverOptions = {};

/** @type {Promise<unknown> | undefined} what whenSubscribed() returns until the visitor leaves */
let cleverSubscription;

/** @type {string | undefined} whom this page named last */
let cleverUser;

const ignore = () => {};

const ourName = (/** @type {string} */ kind, /** @type {string} */ id) => byId(config.ids[kind])[id] || id;

/** @param {any} state a status, or a membership, which has no `subscribed` */
const idOf = ({ subscribed = true, subscriberHash }) => subscribed && subscriberHash;

/**
 * @param {Promise<any>} work
 * @param {CleverCallback} [callback] `(error, value)`
 */
const answerBoth = (work, callback = ignore) =>
  work.then(
    (value) => callSafely(callback, null, value),
    (error) => callSafely(callback, error),
  );

/** @returns {Promise<unknown>} once there is a subscription, which may be never */
const whenSubscribed = () =>
  (cleverSubscription ||= sdk
    .status()
    .catch(ignore)
    .then((/** @type {Sitebell.Status | undefined} */ status) => status?.subscribed || sdk.once('subscribe')));

/** @returns {any[]} */
const valuesOf = (/** @type {string} */ id) => [].concat(wrote()[id] ?? []);

const removing = (/** @type {string} */ id, /** @type {any} */ value) => valuesOf(id).filter((one) => one !== value);

const adding = (/** @type {string} */ id, /** @type {any} */ value) => removing(id, value).concat(value);

const writtenTags = () => valuesOf(CLEVER_TAGS);

async function chosenTopics() {
  /** @type {Sitebell.Topic[]} */
  const topics = await sdk.topics();
  return topics.filter((topic) => topic.chosen).map(({ name }) => byId(config.topics)[name] || name);
}

async function received() {
  const { notifications } = await ask('/subscription/notifications', { subscription: recall().subscription });
  return notifications.map((/** @type {any} */ one) => ({ ...one, text: one.body }));
}

/**
 * @param {string} id
 * @param {any} change of an attribute, a value or one operation; of the tags, which
 * @param {'tag' | 'untag'} [method]
 * @returns {Promise<unknown>}
 */
const tellWriting = (id, change, method = 'tag') =>
  id === CLEVER_TAGS
    ? sdk[method](...change.map((/** @type {string} */ one) => ourName('tag', one)))
    : sdk.setFields({ [ourName('attribute', id)]: change }, cleverOptions);

/**
 * @param {string} id
 * @param {unknown} change what the server is told
 * @param {() => unknown} after what is written there then
 * @param {CleverCallback} [callback] `()`
 * @param {'tag' | 'untag'} [method]
 */
async function writeDown(id, change, after, callback = ignore, method) {
  const writer = cleverUser;
  await whenSubscribed();
  // What waited for a subscription is not the next visitor's.
  if (writer && writer !== cleverUser) return;
  await tellWriting(id, change, method);
  noteWritten({ ...wrote(), [id]: after() });
  callback();
}

/**
 * @param {string} id of the attribute, which is noted beside `user_id`
 * @param {string} userId
 * @param {CleverCallback} [callback] `()`
 */
async function nameVisitor(id, userId, callback = ignore) {
  cleverUser = userId;
  await sdk.identify(userId, cleverOptions);
  const { user_id: before, ...others } = wrote();
  // What was written of nobody goes along; what was of somebody else is not this visitor's.
  if (!before) for (const other in others) await tellWriting(other, others[other]);
  noteWritten({ ...(before && before !== userId ? {} : others), user_id: userId, [id]: userId });
  callback();
}

/** @type {{[method: string]: (...args: any[]) => any}} */
const cleverMethods = {
  /** @type {(force: boolean | CleverCallback, callback?: CleverCallback) => unknown} */
  triggerOptIn: (force, callback = ignore) => {
    if (typeof force === 'function') return cleverMethods.triggerOptIn(false, force);
    if (!force && knownMembership().status === 'unsubscribed') return callback(Error('unsubscribed'));
    return cleverMethods.subscribe(callback);
  },
  subscribe: (callback) => answerBoth(sdk.subscribe().then(idOf), callback),
  unsubscribe: () => sdk.unsubscribe().then(() => (cleverSubscription = undefined)),
  isSubscribed: (callback) => cleverMethods.getSubscriptionId((/** @type {any} */ id) => callback(!!id)),
  // Not `id || false`: our minifier takes that for `id`.
  getSubscriptionId: (callback) => answerBoth(sdk.status().then(idOf), (_, id) => callback(id ?? false)),
  getNotifications: (callback) => answerBoth(received(), (_, list = []) => callback(list)),
  tagSubscription: (id, callback) => writeDown(CLEVER_TAGS, [id], () => adding(CLEVER_TAGS, id), callback),
  untagSubscription: (id, callback) => writeDown(CLEVER_TAGS, [id], () => removing(CLEVER_TAGS, id), callback, 'untag'),
  getTags: (callback) => answerBoth(whenSubscribed().then(writtenTags), callback),
  getTopics: (callback) => answerBoth(whenSubscribed().then(chosenTopics), callback),
  setTopics: async (ids) => {
    await whenSubscribed();
    await sdk.setTopics(ids.map((/** @type {string} */ id) => ourName('topic', id)));
    emit(TOPICS_SET, ids);
  },
  trackEvent: (name, data) => whenSubscribed().then(() => sdk.track(name, data)),
  triggerFollowUpEvent: (campaignId, name, data) => cleverMethods.trackEvent(name, { ...data, campaignId }),
  setAttribute: (id, value, callback) =>
    ourName('attribute', id) === 'external_id'
      ? nameVisitor(id, value, callback)
      : writeDown(id, value, () => value, callback),
  getAttribute: (id, callback) => callback(wrote()[id]),
  hasAttribute: (id, callback) => callback(id in wrote()),
  incAttribute: (id, n, callback) => writeDown(id, { incr: n }, () => (wrote()[id] || 0) + n, callback),
  hasAttributeValue: (id, value, callback) => callback(valuesOf(id).includes(value)),
  pushAttributeValue: (id, value, callback) => writeDown(id, { upsert: [value] }, () => adding(id, value), callback),
  pullAttributeValue: (id, value, callback) => writeDown(id, { delete: [value] }, () => removing(id, value), callback),
};

/** @param {boolean} [isOnce] of whichever of our events comes first */
const cleverListener = (isOnce) => (/** @type {string} */ name, /** @type {CleverCallback} */ handler) => {
  const tell = (/** @type {any} */ value) => {
    const hear = handler;
    if (isOnce) handler = ignore;
    hear(value);
  };
  if (name === TOPICS_SET) on(name, tell);
  else if (!CLEVER_EVENTS[name]) warnUnknown(name);
  for (const ours of CLEVER_EVENTS[name] || []) sdk.on(ours, (/** @type {any} */ state) => tell(idOf(state)));
};

/** @param {Error} [error] */
const tellInitialised = (error) => callSafely(/** @type {any} */ (self).cleverPushInitCallback || ignore, error);

// What fails was told by the SDK.
const cleverQueue = takeOverQueue('CleverPush', (command) =>
  Promise.resolve(perform(cleverMethods, command)).catch(ignore),
);

/** @param {MessageEvent} event of a frame: only the page's own origin, and those that `data-frames` names, are heard */
function hearFrame({ origin, data }) {
  const allowed = `${location.origin} ${scriptTag?.dataset.frames}`.split(' ');
  if (data?.type === 'cleverpush' && allowed.includes(origin))
    cleverQueue.push([data.method].concat(data.arguments || []));
}

// `user_id` is built in, unless the site made a field of it.
config.ids.attribute = { user_id: 'external_id', ...config.ids.attribute };
// Or on() and once() would not know it.
EVENTS.push(TOPICS_SET);
if (cleverQueue) {
  // What a page calls without the queue.
  Object.assign(cleverQueue, {
    initialized: false,
    on: cleverListener(),
    once: cleverListener(true),
    setAuthorizerToken: (/** @type {string} */ token) => (cleverOptions.token = token),
    generateWalletPass: (/** @type {any[]} */ ...args) => {
      warnUnknown('generateWalletPass');
      callSafely(args.pop(), Error('unknown'));
    },
  });
  addEventListener('message', hearFrame);
  connect(/** @type {any} */ (self).cleverPushConfig?.serviceWorkerFile || '/cleverpush-worker.js').then(
    ({ supported, permission }) => {
      cleverQueue.initialized = true;
      tellInitialised(supported ? undefined : Error('unsupported'));
      // In the place of the prompt that the channel's dashboard had; browsers want it within a click.
      if (permission === 'default' && scriptTag?.dataset.ask)
        addEventListener('click', () => sdk.push(['subscribe']), { once: true });
    },
    tellInitialised,
  );
} else tellInitialised(Error('already initialised'));
