// @ts-check
// Unsubscribe: at the browser and at the server together, so that neither's failure leaves the visitor
// receiving. What did not work now is owed, and tried again at the next page load.

/** @returns {Promise<Sitebell.Farewell>} */
async function unsubscribe() {
  const acknowledged = await exclusively(leave);
  const { subscriberHash } = knownMembership();
  /** @type {Sitebell.Farewell} */
  const farewell = { subscriberHash, status: 'unsubscribed', acknowledged };
  emit('unsubscribe', farewell);
  return farewell;
}

/** @returns {Promise<boolean>} whether the server knows, too */
async function leave() {
  const known = await credentials();
  const [subscription] = known;
  if (!subscription) return true;
  remember({ owed: 'unsubscribe', subscription, membership: { ...knownMembership(), status: 'unsubscribed' } });
  const [server, browser] = await Promise.all([
    failureOf(sayGoodbye('unsubscribe', known)),
    failureOf(dropSubscription()),
  ]);
  if (server && browser) throw server;
  if (!server && !browser) remember({ owed: undefined });
  return !server;
}

/** Silence: what the push service gets for this browser does not arrive any more, and the worker renews nothing. */
async function dropSubscription() {
  const present = await presentSubscription();
  await Promise.all([
    present && within(START_TIME, present.unsubscribe()),
    caches.delete(SUBSCRIPTION_DRAWER).catch(() => {}),
  ]);
}

/** @returns {Promise<PushCredential[]>} by which the server may know this browser; what it has now comes first */
async function credentials() {
  const present = await presentSubscription();
  const { subscription } = recall();
  // The browser may hold another one than the server acknowledged last.
  const hasMoved = subscription?.endpoint !== present?.endpoint;
  return /** @type {any[]} */ ([present && credentialOf(present), hasMoved && subscription]).filter(Boolean);
}

/**
 * @param {'unsubscribe' | 'logout'} path
 * @param {PushCredential[]} known
 * @returns {Promise<any[]>} the answers; that the server does not know the browser is what we want, too
 */
function sayGoodbye(path, known) {
  return Promise.all(
    known.map((subscription) =>
      ask('/subscription/' + path, { subscription }).catch((failure) => {
        if (failure.status !== 404) throw failure;
      }),
    ),
  );
}

/** @param {Promise<unknown>} work */
const failureOf = (work) =>
  work.then(
    () => {},
    (failure) => failure,
  );
