// @ts-check
// At page load: do browser, server and our record still agree? Most loads need no request at all.

/** How long an agreement is taken to hold, in milliseconds. */
const DAY = 86_400_000;

/**
 * What this page load has to do. Decides only; reads nothing, changes nothing.
 *
 * @param {PageRecord} record
 * @param {string | undefined} endpoint that the browser has now
 * @param {NotificationPermission} permission
 * @param {number} now epoch milliseconds
 * @returns {'unsubscribe' | 'subscribe' | 'refresh' | null}
 */
function dueAtLoad({ subscription, membership, at = 0, owed, refused, link }, endpoint, permission, now) {
  if (now - /** @type {number} */ (refused) < DAY) return null;
  if (owed === 'unsubscribe') return owed;
  if (permission !== 'granted') return null;
  if (owed === 'subscribe') return owed;
  // Only the visitor can undo this, by an explicit subscribe().
  if (membership?.status === 'unsubscribed') return null;
  // Unknown (a stranger, or one whose record was lost), moved by the browser, or dropped.
  if (subscription?.endpoint !== endpoint) return 'refresh';
  return subscription && (link || now - at >= DAY) ? 'refresh' : null;
}

async function reconcile() {
  announcePermission(recall().permission);
  await settleLogout();
  const present = await presentSubscription();
  const due = dueAtLoad(recall(), present?.endpoint, Notification.permission, Date.now());
  try {
    if (due === 'unsubscribe') await leave();
    else if (due && !(present && (await isForeign(present)))) await enrol(due);
  } catch (failure) {
    const { status } = /** @type {Sitebell.SitebellError} */ (failure);
    if (!isTemporary(status)) remember({ refused: Date.now() });
    throw failure;
  }
}

/**
 * In a worker that the site shares with another push system, the subscription may be that system's: made with a key that
 * is not the site's, and we have no record of it. Only subscribe() may replace it, or a page that takes over.
 *
 * @param {PushSubscription} present
 */
async function isForeign(present) {
  const { subscription, owed } = recall();
  if (subscription || owed) return false;
  const isOurs = settings.takeover || (await ask('')).vapid_public_keys.includes(vapidKeyOf(present));
  remember(isOurs ? { subscription: credentialOf(present) } : { refused: Date.now() });
  return !isOurs;
}
