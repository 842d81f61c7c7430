// @ts-check
// What waits for a subscription: who the visitor is said to be, and the link token of a newsletter.

/**
 * @typedef {{[member: string]: any}} Introduction what a PUT says about the visitor, in the words of the server
 * @typedef {{data: Introduction, until: number}} Kept until when it may be sent, epoch milliseconds
 */

/** What the record holds of it once it was sent, or is not wanted any more; then identify() has told nothing. */
const NOTHING_WAITS = { kept: undefined, link: undefined, told: undefined };

/**
 * @param {string} [token] JWT of the site's back end (RFC 7519)
 * @returns {{[claim: string]: any}} its claims, unchecked; none of what is no token
 */
function claimsOf(token = '') {
  try {
    return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    return {};
  }
}

/**
 * Kept for a day, and no longer than its token is good: a page identifies its visitor at each load.
 *
 * @param {Introduction} data
 */
function keepForLater(data) {
  const until = Math.min(Date.now() + DAY, claimsOf(data.identity).exp * 1000 || Infinity);
  remember({ kept: { data, until } });
}

/** Takes the token of `?bell=` out of the address, before somebody copies that, and drops what is too old. */
function collect() {
  const address = new URL(location.href);
  const link = address.searchParams.get('bell') || undefined;
  // The site may use the name for something else.
  if (claimsOf(link).exp) {
    remember({ link });
    address.searchParams.delete('bell');
    history.replaceState(history.state, '', address);
  }
  const { kept, link: waiting } = recall();
  if (kept || waiting) remember(stillWaiting());
}

/** @returns {{kept?: Kept, link?: string}} */
function stillWaiting() {
  const { kept, link } = recall();
  const now = Date.now();
  return {
    kept: kept && kept.until > now ? kept : undefined,
    link: claimsOf(link).exp * 1000 > now ? link : undefined,
  };
}

/**
 * @param {Introduction} data what a method says
 * @returns {Introduction} that, and what waits; who is named now takes the place of who was named before
 */
function withWaiting(data) {
  const { kept, link } = stillWaiting();
  return { ...(data.match || data.identity ? {} : kept?.data), ...data, link };
}
