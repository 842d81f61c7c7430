// @ts-check
// The browser replaced or dropped the subscription: get a working one, tell the server which it replaces.

/** @returns {Promise<{subscription?: PushCredential, vapidKey?: string}>} what the server acknowledged last */
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
  await tellPages('moved');
}

/**
 * @param {NonNullable<Letter['move']>} move
 * @returns {Promise<number>} HTTP status of the answer, 0 if there was none
 */
async function sendMove(move) {
  const { status } = await exchange(config, 'PUT', '/subscription', move);
  if (status === 200 || status === 201) {
    await keep(SUBSCRIPTION_DRAWER, 'subscription', { subscription: move.subscription, vapidKey: move.vapid_public_key });
  }
  return status;
}
