// @ts-check
// What this browser last agreed on with the server, in localStorage; where that is closed to us, for
// as long as the page lives.

/**
 * @typedef {object} PageRecord
 * @property {PushCredential} [subscription] the last one that the server acknowledged, or of a system that we take over from
 * @property {Sitebell.Membership} [membership] its answer
 * @property {NotificationPermission} [permission] at that time
 * @property {number} [at] that time, epoch milliseconds
 * @property {string} [worker] of the site's config on the server
 * @property {string} [scope] likewise
 * @property {'subscribe' | 'unsubscribe'} [owed] the visitor's wish that the server has not heard yet
 * @property {boolean} [owesLogout] the visitor logged out and the server has not heard it yet
 * @property {Kept} [kept] who the visitor is said to be, before there is a subscription
 * @property {string} [link] token of a newsletter that the server has not seen yet
 * @property {string} [told] what identify() told last, and on which day; logout() removes it
 * @property {{[dialect: string]: object}} [written] what a facade's page wrote of its visitor; logout() removes it
 * @property {number} [refused] when the server last said a final no to a page load, epoch milliseconds
 */

/** @type {PageRecord} where localStorage is closed */
let standIn = {};

const recordName = () => 'sitebell:' + settings.site;

/** @returns {PageRecord} */
function recall() {
  try {
    return JSON.parse(localStorage[recordName()] || '{}');
  } catch {
    return standIn;
  }
}

/** @returns {Sitebell.Membership} as the server said last */
const knownMembership = () => recall().membership || membershipOf({});

/** @param {PageRecord} record takes the place of what was there */
function write(record) {
  standIn = record;
  try {
    localStorage[recordName()] = JSON.stringify(record);
  } catch {
    // Storage is full or switched off.
  }
}

/** @param {PageRecord} changes */
const remember = (changes) => write({ ...recall(), ...changes });
