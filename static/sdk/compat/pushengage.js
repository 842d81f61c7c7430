// @ts-check
// PushEngage's page calls of all three generations (`_pe`, `_peq`, `PushEngage`), told to the SDK.

/** @typedef {{statuscode: number, status?: string, message?: string, data?: {[name: string]: any}}} PushEngageAnswer */

/** Who closed the prompt is not asked unasked again for so long, in milliseconds. */
const PATIENCE = 7 * DAY;
/** In localStorage: when that was, epoch milliseconds. */
const CLOSED_AT = 'sitebell:closed';

const connected = connect('/service-worker.js');
// connect() has said why.
connected.catch(() => {});

/** @type {(answer: PushEngageAnswer) => void} */
let settleOptIn;
/** @type {Promise<PushEngageAnswer>} how things stand once the visitor has answered in this page */
const optIn = new Promise((resolve) => (settleOptIn = resolve));

/** @type {Promise<PushEngageAnswer> | undefined} */
let asking;

/** @returns {Promise<PushEngageAnswer>} what `subscriber-status` says */
async function tellStatus() {
  try {
    await connected;
    const { subscribed, obstacle, subscriberHash: hash } = await sdk.status();
    if (subscribed)
      return { statuscode: 1, status: 'SUBSCRIBED', data: { subscriber_hash: hash, subscriber_id: hash } };
    if (obstacle === 'permission_denied') return { statuscode: 2, status: 'DENIED' };
    if (obstacle) return { statuscode: 21, message: 'the browser cannot do web push' };
  } catch {
    return { statuscode: 20, message: "the page's origin is not allowed" };
  }
  if (isClosed()) return { statuscode: 3, status: 'CLOSED' };
  return { statuscode: 22, message: 'not subscribed' };
}

function isClosed() {
  try {
    return localStorage[CLOSED_AT] > Date.now() - PATIENCE;
  } catch {
    return false;
  }
}

/** @returns {Promise<PushEngageAnswer>} call it within a click, as browsers want it */
const askVisitor = () => (asking ||= askOnce().finally(() => (asking = undefined)));

async function askOnce() {
  const { code, message } = await sdk.subscribe().catch((/** @type {Sitebell.SitebellError} */ failure) => failure);
  try {
    if (code === 'permission_dismissed') localStorage[CLOSED_AT] = Date.now();
  } catch {
    // Then we ask again.
  }
  const answer = await tellStatus();
  const settled = code && answer.statuscode > 21 ? { statuscode: 0, message } : answer;
  settleOptIn(settled);
  return settled;
}

/**
 * @param {PushEngageAnswer} answer
 * @returns {object} as `init` says it: with the id at the top, and places, of which a page learns nothing here
 */
const asInit = ({ data, ...answer }) =>
  data ? { ...answer, ...data, data: { ...data, geoInfo: {}, geo_info: {} } } : answer;

/**
 * Who was never asked is asked at the next click, unless the site wants to ask by itself.
 *
 * @param {{disabledDefaultPrompt?: boolean}} [options] or `false`
 * @param {Function} [callback]
 */
async function startOptIn(options, callback) {
  let answer = await tellStatus();
  if (answer.statuscode > 21) {
    const asksByItself = options?.disabledDefaultPrompt;
    // Who has allowed it before and is not subscribed has left: a click somewhere must not bring them back.
    if (!asksByItself && Notification.permission === 'default') addEventListener('click', askVisitor, { once: true });
    answer = await optIn;
  }
  if (callback) callSafely(/** @type {any} */ (callback), asInit(answer));
}

/** @param {Sitebell.Membership} membership */
function tellPage({ status, subscriberHash }) {
  const id = status === 'subscribed' ? subscriberHash : null;
  const detail = { subscriber_id: id, subscriber_hash: id };
  dispatchEvent(new CustomEvent('PushEngage.onSubscriptionChange', { detail }));
  if (id) tellStatus().then(settleOptIn);
}

/**
 * @param {(...args: any[]) => Promise<unknown>} method
 * @returns {(...args: any[]) => void} a command: nobody waits for it, but a callback at the end is told how things stand
 */
const command =
  (method) =>
  (...args) => {
    const callback = typeof args[args.length - 1] === 'function' && args.pop();
    const done = method(...args).catch(() => {});
    if (callback) done.then(tellStatus).then((answer) => callSafely(callback, answer));
  };

/** @returns {{[name: string]: number}} the segments that stand, and until when: epoch milliseconds, 0 for good */
const segmentsWritten = () =>
  Object.fromEntries(Object.entries(wrote().segments || {}).filter(([, until]) => !until || until > Date.now()));

/**
 * @param {[string, number][]} segments as `segmentsWritten` has them; the server counts in days
 * @returns {Promise<Sitebell.Membership>}
 */
const tellSegments = (segments) =>
  sdk.tag(
    ...segments.map(([name, until]) => (until !== 0 ? { name, days: Math.ceil((until - Date.now()) / DAY) } : name)),
  );

/** @param {[string, number][]} segments that are on now, or off since the moment beside them */
const noteSegments = (segments) =>
  noteWritten({ ...wrote(), segments: { ...segmentsWritten(), ...Object.fromEntries(segments) } });

/** @param {[string, number][]} segments to put on */
async function putOn(segments) {
  const membership = await tellSegments(segments);
  noteSegments(segments);
  return membership;
}

/** @type {(names: string | string[], until: number) => [string, number][]} */
const segmentsUntil = (names, until) => [names].flat().map((name) => [name, until]);

const addSegment = (/** @type {string | string[]} */ names) => putOn(segmentsUntil(names, 0));

/** @param {{name: string, duration: any}[]} segments with how many days each stands */
const addDynamicSegment = (segments) =>
  putOn(segments.map(({ name, duration }) => [name, Date.now() + duration * DAY]));

/** @param {string | string[]} names */
async function removeSegment(names) {
  const membership = await sdk.untag(...[names].flat());
  noteSegments(segmentsUntil(names, 1));
  return membership;
}

/**
 * Segments of a browser that nobody had named go along to its profile.
 *
 * @param {string} id of the site's own
 * @param {Sitebell.IdentifyOptions} [options]
 */
async function addProfileId(id, options) {
  const membership = await sdk.identify(id, options);
  const before = wrote().id;
  const waiting = Object.entries(before ? {} : segmentsWritten());
  if (waiting[0]) await tellSegments(waiting);
  noteWritten({ ...((before || id) === id && wrote()), id });
  return membership;
}

/** @type {{[name: string]: (...args: any[]) => Promise<any>}} the methods of `window.PushEngage` */
const promises = {
  subscribe: askVisitor,
  unsubscribe: () => sdk.unsubscribe(),
  getSubscriberId: async () => (await tellStatus()).data?.subscriber_id || null,
  getSubscriber: async () => {
    const { data } = await tellStatus();
    return data ? { ...data, segments: Object.keys(segmentsWritten()) } : null;
  },
  addProfileId,
  addSegment,
  removeSegment,
  addDynamicSegment,
  addAttributes: (attributes, options) => sdk.setFields(attributes, options),
  // Its name is the event's, with the campaign beside it; what answers to it is the site's own to build.
  sendTriggerEvent: ({ event_name, ...data }) => sdk.track(event_name, data),
  sendGoal: ({ name, ...data } = {}) => sdk.track(name, data),
  addAlert: async () => warnUnknown('addAlert'),
};

/** What is pushed to the queues `PushEngage` and `_peq` by these names. */
const commands = {
  init: startOptIn,
  'subscriber-status': command(async () => {}),
  'add-to-profile': command(addProfileId),
  'add-to-segment': command(addSegment),
  'remove-from-segment': command(removeSegment),
  'remove-to-segment': command(removeSegment),
  'add-to-trigger': command(promises.sendTriggerEvent),
  'add-to-dynamic-segment': command((names, days) => putOn(segmentsUntil(names, Date.now() + days * DAY))),
};

/** @param {any} asked a command, or a function to call once the site is known */
function obeyPushEngage(asked) {
  if (typeof asked !== 'function') return perform(commands, asked);
  connected.then(() => callSafely(asked)).catch(() => {});
}

const pushEngage = takeOverQueue('PushEngage', obeyPushEngage);
if (pushEngage) {
  Object.assign(pushEngage, promises);
  takeOverQueue('_peq', obeyPushEngage);
  /** @type {any} */ (window)._pe = {
    subscribe: (/** @type {object} */ _, /** @type {Function} */ callback) =>
      askVisitor().then((answer) => callback?.(asInit(answer))),
    subscriberStatus: commands['subscriber-status'],
  };
  for (const name of ['subscribe', 'update_subscription', 'unsubscribe']) sdk.on(name, tellPage);
}
