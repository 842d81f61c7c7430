// @ts-check
// The visitor clicks, presses a button, or closes.

/** @type {Set<string>} receipts of notifications that we close ourselves */
const clicked = new Set();

/**
 * @param {NotificationEvent} event
 * @returns {Promise<unknown> | null} null: not ours
 */
function onClick({ notification, action }) {
  const stamp = stampOf(notification);
  if (!stamp) return null;
  clicked.add(stamp.receipt);
  pushesAreThrough.then(() => notification.close());
  // The page first: the browser lets us open one only for a moment after the click.
  return aftermath(
    visit(stamp.urls[action] || stamp.url),
    report('clicked', stamp, action),
    tellPagesAbout('click', notification.title, notification.data, action),
  );
}

/**
 * An open page of exactly this address comes to the front. Another one is left where it is: the
 * visitor may have a half-filled form there.
 *
 * @param {string} url
 */
async function visit(url) {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const open = pages.find((page) => page.url === url);
  return open ? open.focus().catch(() => worker.clients.openWindow(url)) : worker.clients.openWindow(url);
}

/**
 * @param {NotificationEvent} event
 * @returns {Promise<unknown> | null} null: not ours
 */
function onClose({ notification }) {
  return stampOf(notification) ? noteDismissal(notification) : null;
}

/**
 * Firefox calls it closed, too, when we did it after a click and when another one took its place.
 *
 * @param {Notification} notification
 */
async function noteDismissal(notification) {
  const { title, tag, data } = notification;
  if (clicked.delete(data.sitebell.receipt)) return;
  if (tag && (await worker.registration.getNotifications({ tag })).length) return;
  await aftermath(report('closed', data.sitebell), tellPagesAbout('close', title, data));
}
