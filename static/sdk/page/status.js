// @ts-check
// How things stand: what browser and record say, confirmed by the server where there is something to confirm.

/**
 * What is known without a request.
 *
 * @returns {Promise<Sitebell.Status>}
 */
async function knownStatus() {
  const supported = isPushPossible();
  const present = await presentSubscription();
  return {
    ...knownMembership(),
    supported,
    obstacle: findObstacle(),
    permission: supported ? Notification.permission : null,
    subscribed: !!(await ownSubscription()),
    confirmed: !present,
  };
}

/** @returns {Promise<PushSubscription | null | undefined>} what the browser has, if the record calls it subscribed */
async function ownSubscription() {
  return recall().subscription && knownMembership().status === 'subscribed' ? presentSubscription() : null;
}

async function mustOwnSubscription() {
  const subscription = await ownSubscription();
  if (!subscription) throw complaint('not_subscribed');
  return subscription;
}

/** @returns {Promise<Sitebell.Status>} */
async function readStatus() {
  const confirmed = await exclusively(confirmStatus);
  return { ...(await knownStatus()), confirmed };
}

/** @returns {Promise<boolean>} whether the record now says what the server says */
async function confirmStatus() {
  const present = await presentSubscription();
  if (!present) return true;
  const subscription = credentialOf(present);
  try {
    const membership = membershipOf(await ask('/subscription/status', { subscription }));
    remember({ subscription, membership });
  } catch (failure) {
    const { status } = /** @type {Sitebell.SitebellError} */ (failure);
    if (isTemporary(status)) return false;
    if (status !== 404) throw failure;
    // The server lost it, or never heard of it: the agreement is void, make it anew.
    remember({ at: 0 });
    await reconcile();
  }
  return true;
}
