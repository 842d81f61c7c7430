// @ts-check
// Who the visitor is, and what the site has to say about them.

/**
 * @param {Sitebell.SubscribeOptions} [options]
 * @returns {Introduction} without members that are undefined
 */
function introductionOf({ match, fields, topics, token: identity, databaseIds: database_ids, exclusive } = {}) {
  if (match) {
    const { externalId: external_id, profileId: profile_id, ...others } = match;
    match = /** @type {any} */ ({ external_id, profile_id, ...others });
  }
  return JSON.parse(JSON.stringify({ match, fields, topics, identity, database_ids, exclusive }));
}

/**
 * @param {string | number} id of the site's own customer
 * @param {Sitebell.IdentifyOptions} [options]
 * @returns {Promise<Sitebell.Membership>}
 */
async function identify(id, options) {
  // Or all whose id a page does not know would be one person.
  if ((id ?? '') === '') throw complaint('missing_id');
  const data = introductionOf({ ...options, match: { externalId: String(id) } });
  return (await settled(() => introduceOnce(data))) || knownMembership();
}

/** @param {Introduction} data that costs no request if it is the same as last time, today */
async function introduceOnce(data) {
  if (!(await ownSubscription())) return keepForLater(data);
  // A token is another one at each page load; what it says is not.
  const { iat, exp, nbf, jti, ...identity } = claimsOf(data.identity);
  const told = JSON.stringify([new Date().toDateString(), { ...data, identity }]);
  if (told === recall().told) return null;
  const membership = await tell(data);
  remember({ told });
  return membership;
}

/**
 * Tells the server about this browser's subscription; revives nothing.
 *
 * @param {Introduction} data
 * @returns {Promise<Sitebell.Membership>}
 */
async function tell(data) {
  const membership = await agree('refresh', await mustOwnSubscription(), data);
  if (membership.identity?.code) throw flawOf(membership.identity);
  return membership;
}

/**
 * @param {(...args: any[]) => Introduction} wording what is told of the arguments
 * @returns {(...args: any[]) => Promise<Sitebell.Membership>} the method
 */
const teller =
  (wording) =>
  (...args) =>
    settled(() => tell(wording(...args)));

/** Methods of the page that only tell the server something. */
const TELLING_METHODS = {
  update: teller((match, fields, options) => introductionOf({ ...options, match, fields })),
  setFields: teller((fields, options) => introductionOf({ ...options, fields })),
  setTopics: teller((topics) => ({ topics })),
  tag: teller((...add) => ({ tags: { add } })),
  untag: teller((...remove) => ({ tags: { remove } })),
};
