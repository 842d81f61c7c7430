// @ts-check
// Unsubscribe: at the browser and at the server together, so that neither's failure leaves the visitor
// receiving. What did not work now is owed, and tried again at the next page load.

/** @returns {Promise<Sitebell.Farewell>} */
async function unsubscribe() {
  const acknowledged = !isPushPossible() || (await exclusively(leave));
  const { membership = membershipOf({}) } = recall();
  /** @type {Sitebell.Farewell} */
  const farewell = { subscriberHash: membership.subscriberHash, status: 'unsubscribed', acknowledged };
  emit('unsubscribe', farewell);
  return farewell;
}

/** @returns {Promise<boolean>} whether the server knows, too */
async function leave() {
  const present = await presentSubscription();
  const { subscription, membership } = recall();
  const credentials = present ? [credentialOf(present)] : [];
  // The browser may hold another one than the server acknowledged last.
  const isAnother = !present || !subscription || present.endpoint !== subscription.endpoint;
  if (subscription && isAnother) credentials.push(subscription);
  if (!credentials.length) return true;
  remember({
    owed: 'unsubscribe',
    subscription: credentials[0],
    membership: { ...membershipOf({}), ...membership, status: 'unsubscribed' },
  });
  const atBrowser = present && present.unsubscribe();
  const [browser, ...server] = await Promise.allSettled([atBrowser, ...credentials.map(giveUp)]);
  await stopRenewal();
  const refusal = server.find(isRejected);
  if (isRejected(browser) && refusal) throw refusal.reason;
  if (!isRejected(browser) && !refusal) remember({ owed: undefined });
  return !refusal;
}

/** @param {PushCredential} subscription */
async function giveUp(subscription) {
  try {
    await ask('POST', '/subscription/unsubscribe', { subscription });
  } catch (failure) {
    // The server does not know it: that is what we want.
    if (/** @type {SitebellError} */ (failure).status !== 404) throw failure;
  }
}

/**
 * @param {PromiseSettledResult<unknown>} result
 * @returns {result is PromiseRejectedResult}
 */
function isRejected(result) {
  return result.status === 'rejected';
}
