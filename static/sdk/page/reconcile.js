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
function dueAtLoad({ subscription, membership, at = 0, owed, refused = 0, link }, endpoint, permission, now) {
  if (now - refused < DAY) return null;
  if (owed === 'unsubscribe') return owed;
  if (permission !== 'granted') return null;
  if (owed === 'subscribe') return owed;
  // Only the visitor can undo this, by an explicit subscribe().
  if (membership?.status === 'unsubscribed') return null;
  // A stranger, or one whose record was lost.
  if (!subscription) return endpoint ? 'refresh' : null;
  // Moved by the browser, or dropped.
  if (subscription.endpoint !== endpoint) return 'refresh';
  return link || now - at >= DAY ? 'refresh' : null;
}

async function reconcile() {
  noticePermission();
  await settleLogout();
  const present = await presentSubscription();
  const due = dueAtLoad(recall(), present?.endpoint, Notification.permission, Date.now());
  try {
    if (due === 'unsubscribe') await leave();
    else if (due && !(present && (await isForeign(present)))) await enrol(due);
  } catch (failure) {
    if (!isTemporary(/** @type {Sitebell.SitebellError} */ (failure).status)) remember({ refused: Date.now() });
    throw failure;
  }
}

/** The visitor can change the permission in the browser's own settings. */
function noticePermission() {
  const { permission: previous } = recall();
  const { permission } = Notification;
  if (previous && permission !== previous) remember({ permission, at: 0 });
  announcePermission(previous);
}

/**
 * In a worker that the site shares with another push system, the subscription may be that system's:
 * made with a key that is not ours, and we have no record of it. Only subscribe() may replace it.
 *
 * @param {PushSubscription} present
 */
async function isForeign(present) {
  const { subscription, owed } = recall();
  if (subscription || owed || vapidKeyOf(present) === (await ask('')).vapid_public_key) return false;
  remember({ refused: Date.now() });
  return true;
}
