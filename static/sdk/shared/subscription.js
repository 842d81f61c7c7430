// @ts-check
// The browser's push subscription in the words of the server.

/**
 * Endpoint and keys, base64url: what the server stores, and the proof of who asks.
 *
 * @typedef {{endpoint: string, keys: {p256dh: string, auth: string}}} PushCredential
 */

/**
 * @param {PushSubscription} subscription
 * @returns {PushCredential}
 */
function credentialOf(subscription) {
  return /** @type {PushCredential} */ (subscription.toJSON());
}

/**
 * The VAPID public key that a subscription was made with, as base64url without padding.
 *
 * @param {PushSubscription} subscription
 */
function vapidKeyOf(subscription) {
  const key = new Uint8Array(subscription.options.applicationServerKey || []);
  return btoa(String.fromCharCode(...key))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}

/**
 * The registration's subscription made with `vapidKey`. One made with another key has to go first:
 * a browser keeps one per registration. Never prompts where permission is granted.
 *
 * @param {ServiceWorkerRegistration} registration
 * @param {string} vapidKey base64url
 * @returns {Promise<PushSubscription>}
 */
async function subscribedWith(registration, vapidKey) {
  const present = await registration.pushManager.getSubscription();
  if (present) {
    if (vapidKeyOf(present) === vapidKey) return present;
    await present.unsubscribe();
  }
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: vapidKey });
}
