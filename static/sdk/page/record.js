// @ts-check
// What this browser last agreed on with the server, in localStorage; where that is closed to us, for
// as long as the page lives.

/**
 * @typedef {object} PageRecord
 * @property {PushCredential} [subscription] the last one that the server acknowledged
 * @property {Sitebell.Membership} [membership] its answer
 * @property {NotificationPermission} [permission] at that time
 * @property {number} [at] that time, epoch milliseconds
 * @property {string} [worker] of the site's config on the server
 * @property {string} [scope] likewise
 * @property {'subscribe' | 'unsubscribe'} [owed] the visitor's wish that the server has not heard yet
 * @property {number} [refused] when the server last said a final no to a page load, epoch milliseconds
 */

/** The record where localStorage is closed. */
let standIn = '{}';

const recordName = () => 'sitebell:' + settings.site;

/** @returns {PageRecord} */
function recall() {
  try {
    return JSON.parse(localStorage.getItem(recordName()) || '{}');
  } catch {
    return JSON.parse(standIn);
  }
}

/** @param {PageRecord} changes */
function remember(changes) {
  standIn = JSON.stringify({ ...recall(), ...changes });
  try {
    localStorage.setItem(recordName(), standIn);
  } catch {
    // Storage is full or switched off.
  }
}

function forget() {
  standIn = '{}';
  try {
    localStorage.removeItem(recordName());
  } catch {
    // Storage is switched off.
  }
}
