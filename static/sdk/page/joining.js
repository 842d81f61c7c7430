// @ts-check
// Subscribe and refresh: browser and server brought to one state, whichever of them fails half way.

/** How long the browser may take to get a subscription from its push service, in milliseconds. */
const PUSH_SERVICE_TIME = 30000;

/** Answers that a fresh subscription cures. */
const CURED_BY_A_FRESH_ONE = ['subscription_conflict', 'unknown_vapid_key'];

/**
 * One change at a time, in all tabs of the site.
 *
 * @template Result
 * @param {() => Promise<Result>} change
 * @returns {Promise<Result>}
 */
function exclusively(change) {
  return navigator.locks.request('sitebell', change);
}

/** @returns {Promise<Sitebell.Membership>} */
async function subscribe() {
  const obstacle = findObstacle();
  if (obstacle) throw complaint(obstacle);
  // Nothing is awaited before this: Firefox and Safari prompt only within the visitor's click.
  await askPermission();
  return exclusively(() => enrol('subscribe'));
}

async function askPermission() {
  const previous = Notification.permission;
  const permission = await Notification.requestPermission();
  if (permission !== previous) emit('permission', { permission, previous });
  if (permission !== 'granted') throw complaint(findObstacle() || 'permission_dismissed');
}

/**
 * Gets the browser subscribed with the site's present key and the server to know it.
 *
 * @param {'subscribe' | 'refresh'} intent the visitor's wish, or only news about a known subscription
 * @param {boolean} [isSecondTry]
 * @returns {Promise<Sitebell.Membership>}
 */
async function enrol(intent, isSecondTry) {
  const site = await ask('GET', '');
  useConfig(site);
  const subscription = await fromPushService(await startWorker(), site.vapid_public_key);
  if (intent === 'subscribe') remember({ owed: intent });
  try {
    return await acknowledge(intent, subscription, await introduce(intent, subscription));
  } catch (failure) {
    const { code } = /** @type {SitebellError} */ (failure);
    if (isSecondTry || !CURED_BY_A_FRESH_ONE.includes(code)) throw failure;
    await subscription.unsubscribe();
    return enrol(intent, true);
  }
}

/** @param {{worker?: string, scope?: string}} site its config on the server, good until the next one */
function useConfig({ worker, scope }) {
  adopt({ worker, scope });
  remember({ worker, scope });
}

/**
 * @param {ServiceWorkerRegistration} registration
 * @param {string} vapidKey
 */
async function fromPushService(registration, vapidKey) {
  try {
    return await within(PUSH_SERVICE_TIME, subscribedWith(registration, vapidKey));
  } catch (reason) {
    throw complaint(findObstacle() || 'push_service_failed', { reason });
  }
}

/**
 * Tells the server about a subscription, and which one it replaces.
 *
 * @param {'subscribe' | 'refresh'} intent
 * @param {PushSubscription} subscription
 */
function introduce(intent, subscription) {
  const { subscription: known } = recall();
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return ask('PUT', '/subscription', {
    subscription: credentialOf(subscription),
    intent,
    previous: known && known.endpoint !== subscription.endpoint ? known : undefined,
    vapid_public_key: vapidKeyOf(subscription),
    locale,
    time_zone: timeZone,
  });
}

/**
 * Writes down what the server said, and tells the page what that changed.
 *
 * @param {'subscribe' | 'refresh'} intent
 * @param {PushSubscription} subscription
 * @param {any} answer
 */
async function acknowledge(intent, subscription, answer) {
  const before = recall();
  const membership = membershipOf(answer);
  if (membership.status === 'erased') await erase(subscription);
  else await noteDown(subscription, membership);
  announceChange(intent, subscription.endpoint, membership, before);
  return membership;
}

/** @param {PushSubscription} subscription */
async function erase(subscription) {
  forget();
  await Promise.all([subscription.unsubscribe(), stopRenewal()]);
}

/** Takes from the worker what it would renew a subscription by. */
async function stopRenewal() {
  await caches.delete(SUBSCRIPTION_DRAWER).catch(() => {});
}

/**
 * @param {PushSubscription} subscription
 * @param {Sitebell.Membership} membership
 */
async function noteDown(subscription, membership) {
  const note = { subscription: credentialOf(subscription), vapidKey: vapidKeyOf(subscription) };
  remember({
    subscription: note.subscription,
    membership,
    permission: Notification.permission,
    at: Date.now(),
    owed: undefined,
    refused: undefined,
  });
  await keep(SUBSCRIPTION_DRAWER, 'subscription', note);
}

/**
 * @param {'subscribe' | 'refresh'} intent
 * @param {string} endpoint
 * @param {Sitebell.Membership} membership
 * @param {PageRecord} before
 */
function announceChange(intent, endpoint, membership, before) {
  const previousEndpoint = before.subscription ? before.subscription.endpoint : null;
  const wasSubscribed = !!before.membership && before.membership.status === 'subscribed';
  if (intent === 'subscribe') {
    emit('subscribe', { ...membership, endpoint });
  } else if (membership.status !== 'subscribed') {
    if (wasSubscribed) emit('unsubscribe', { ...membership, status: 'unsubscribed', acknowledged: true });
  } else if (previousEndpoint !== endpoint) {
    emit('update_subscription', { ...membership, endpoint, previousEndpoint });
  }
}
