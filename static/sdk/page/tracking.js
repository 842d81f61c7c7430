// @ts-check
// What the visitor did, in the site's own words.

/**
 * @param {string} action the event's name
 * @param {{[member: string]: unknown}} [data]
 * @returns {Promise<Sitebell.Tracked>}
 */
async function track(action, data) {
  const subscription = credentialOf(await mustOwnSubscription());
  return ask('/events', { events: [{ type: 'custom', action, data, at: Date.now(), subscription }] });
}
