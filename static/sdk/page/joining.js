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
async function exclusively(change) {
  return isPushPossible() ? navigator.locks.request('sitebell', change) : change();
}

/**
 * @param {Sitebell.SubscribeOptions} [options]
 * @returns {Promise<Sitebell.Membership>}
 */
async function subscribe(options) {
  const obstacle = findObstacle();
  if (obstacle) throw complaint(obstacle);
  // Nothing is awaited before this: Firefox and Safari prompt only within the visitor's click.
  await askPermission();
  return settled(() => enrol('subscribe', introductionOf(options)));
}

async function askPermission() {
  const previous = Notification.permission;
  const permission = await Notification.requestPermission();
  announcePermission(previous);
  if (permission !== 'granted') throw complaint(findObstacle() || 'permission_dismissed');
}

/**
 * The visitor can change it in our prompt and, while we are not looking, in the browser's own settings.
 *
 * @param {NotificationPermission} [previous]
 */
function announcePermission(previous) {
  const { permission } = Notification;
  if (previous && permission !== previous) {
    remember({ permission, at: 0 });
    emit('permission', { permission, previous });
  }
}

/**
 * Gets the browser subscribed with the site's present key and the server to know it.
 *
 * @param {'subscribe' | 'refresh'} intent the visitor's wish, or only news about a known subscription
 * @param {Introduction} [data]
 * @param {boolean} [isSecondTry]
 * @returns {Promise<Sitebell.Membership>}
 */
async function enrol(intent, data, isSecondTry) {
  const { vapid_public_key: vapidKey, worker, scope } = await ask('');
  adopt({ worker, scope });
  remember({ worker, scope });
  const registration = await startWorker();
  const subscription = await within(PUSH_SERVICE_TIME, subscribedWith(registration, vapidKey)).catch((reason) => {
    throw complaint(findObstacle() || 'push_service_failed', reason);
  });
  if (intent === 'subscribe') remember({ owed: intent });
  const membership = await agree(intent, subscription, data, isSecondTry);
  // The browser is subscribed all the same.
  if (membership.identity?.code) report(flawOf(membership.identity));
  return membership;
}

/**
 * Tells the server about a subscription, which one it replaces, and whose it is.
 *
 * @param {'subscribe' | 'refresh'} intent
 * @param {PushSubscription} subscription
 * @param {Introduction} [data]
 * @param {boolean} [isSecondTry]
 * @returns {Promise<Sitebell.Membership>}
 */
async function agree(intent, subscription, data = {}, isSecondTry) {
  try {
    const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const body = {
      ...withWaiting(data),
      subscription: credentialOf(subscription),
      intent,
      previous: recall().subscription,
      vapid_public_key: vapidKeyOf(subscription),
      locale,
      time_zone: timeZone,
    };
    return await acknowledge(intent, subscription, await ask('/subscription', body, 'PUT'));
  } catch (failure) {
    const { code, status } = /** @type {Sitebell.SitebellError} */ (failure);
    if (!isSecondTry && CURED_BY_A_FRESH_ONE.includes(code)) {
      await subscription.unsubscribe();
      return enrol(intent, data, true);
    }
    if (!isTemporary(status)) remember(NOTHING_WAITS);
    throw failure;
  }
}

/**
 * Writes down what the server said, and tells the page what that changed.
 *
 * @param {'subscribe' | 'refresh'} intent
 * @param {PushSubscription} subscription
 * @param {any} answer
 * @returns {Promise<Sitebell.Membership>}
 */
async function acknowledge(intent, subscription, { identity, link, ...answer }) {
  const before = recall();
  const membership = membershipOf(answer);
  if (membership.status === 'erased') {
    write({});
    await dropSubscription();
  } else await noteDown(subscription, membership);
  const { enrollments } = membership;
  if (enrollments[0] && enrollments.every(({ error }) => error)) {
    // It is bound nowhere: the next page load binds it without a name.
    remember({ at: 0 });
    throw flawOf(enrollments[0]);
  }
  announceChange(intent, subscription.endpoint, membership, before);
  return identity ? { ...membership, identity } : membership;
}

/** @param {{code?: string, error?: string, message?: string}} told by an answer that did the rest */
const flawOf = ({ error = '', code = error, message }) => complaint(code, '', message, 200);

/**
 * @param {PushSubscription} subscription
 * @param {Sitebell.Membership} membership
 */
async function noteDown(subscription, membership) {
  const credential = credentialOf(subscription);
  remember({
    subscription: credential,
    membership,
    permission: Notification.permission,
    at: Date.now(),
    owed: undefined,
    refused: undefined,
    ...NOTHING_WAITS,
  });
  await keep(SUBSCRIPTION_DRAWER, 'subscription', { subscription: credential, vapidKey: vapidKeyOf(subscription) });
}

/**
 * @param {'subscribe' | 'refresh'} intent
 * @param {string} endpoint
 * @param {Sitebell.Membership} membership
 * @param {PageRecord} before
 */
function announceChange(intent, endpoint, membership, before) {
  const previousEndpoint = before.subscription?.endpoint || null;
  if (intent === 'subscribe') emit(intent, { ...membership, endpoint });
  else if (membership.status === 'subscribed') {
    if (previousEndpoint !== endpoint) emit('update_subscription', { ...membership, endpoint, previousEndpoint });
  } else if (before.membership?.status === 'subscribed')
    emit('unsubscribe', { ...membership, status: 'unsubscribed', acknowledged: true });
}
