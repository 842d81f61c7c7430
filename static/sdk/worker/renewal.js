// @ts-check
// The browser replaced or dropped the subscription: get a working one, tell the server which it replaces.

/**
 * What the server acknowledged last.
 *
 * @returns {Promise<{subscription?: PushCredential, vapidKey?: string}>}
 */
async function lastAcknowledged() {
  const note = await caches.match('/subscription', { cacheName: SUBSCRIPTION_DRAWER });
  return note ? note.json() : {};
}

/** @param {PushSubscriptionChangeEvent} event */
async function renew({ oldSubscription, newSubscription }) {
  const { subscription: known, vapidKey } = await lastAcknowledged();
  const isOurs = known && (!oldSubscription || oldSubscription.endpoint === known.endpoint);
  const previous = known || (oldSubscription && credentialOf(oldSubscription));
  if (!previous || !(isOurs || isWholeWorker)) return;
  const key = vapidKey || (await exchange(config, 'GET', '')).body.vapid_public_key;
  const subscription = newSubscription || (await subscribedWith(worker.registration, key));
  await post({
    at: Date.now(),
    move: { subscription: credentialOf(subscription), previous, intent: 'refresh', vapid_public_key: key },
  });
}

/**
 * @param {Move} move
 * @returns {Promise<number>} HTTP status of the answer, 0 if there was none
 */
async function sendMove(move) {
  const { status, body } = await exchange(config, 'PUT', '/subscription', move);
  if (status === 200 || status === 201) await noteMove(move, membershipOf(body));
  return status;
}

/** The visitor was erased: nothing of them is left here, and nothing arrives any more. */
async function forget() {
  await caches.delete(SUBSCRIPTION_DRAWER);
  await (await worker.registration.pushManager.getSubscription())?.unsubscribe();
}

/**
 * @param {Move} move
 * @param {Sitebell.Membership} membership
 */
async function noteMove({ subscription, previous, vapid_public_key: vapidKey }, membership) {
  if (membership.status === 'erased') return forget();
  await keep(SUBSCRIPTION_DRAWER, 'subscription', { subscription, vapidKey });
  if (membership.status !== 'subscribed') return;
  const detail = { ...membership, endpoint: subscription.endpoint, previousEndpoint: previous.endpoint };
  await tellPages({ type: 'update_subscription', detail, record: { subscription, membership } });
}
