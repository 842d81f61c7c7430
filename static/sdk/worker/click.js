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
  notification.close();
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
  const stamp = stampOf(notification);
  if (!stamp) return null;
  // Firefox says so, too, when it was us after a click.
  if (clicked.delete(stamp.receipt)) return Promise.resolve();
  return aftermath(report('closed', stamp), tellPagesAbout('close', notification.title, notification.data));
}
