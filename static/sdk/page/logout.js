// @ts-check
// Logout: nothing for the person who was here may arrive any more, even if the server cannot be told yet.

/** @returns {Promise<Sitebell.Logout>} */
async function logout() {
  // Before anything is waited for: pages go elsewhere right after it.
  remember({ ...NOTHING_WAITS, owesLogout: true });
  const acknowledged = await exclusively(leaveProfile);
  return { ...knownMembership(), acknowledged };
}

/** @returns {Promise<boolean>} whether the server knows */
async function leaveProfile() {
  const failure = await failureOf(settleLogout());
  if (!failure) return true;
  // The server would go on sending: pushes must not find this browser. reconcile() gets it a new address.
  if (recall().subscription) await dropSubscription();
  if (isTemporary(failure.status)) return false;
  throw failure;
}

/** A logout of which the server has not heard comes before all else that is about the visitor. */
async function settleLogout() {
  if (!recall().owesLogout) return;
  const answer = (await sayGoodbye('logout', await credentials())).find(Boolean);
  remember({ owesLogout: undefined, told: undefined, written: undefined });
  if (answer) remember({ membership: membershipOf(answer) });
}

/**
 * @template Result
 * @param {() => Promise<Result>} change
 * @returns {Promise<Result>}
 */
function settled(change) {
  return exclusively(() => settleLogout().then(change));
}
