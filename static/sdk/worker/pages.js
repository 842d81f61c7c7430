// @ts-check
// Telling the open pages of the site; page/notifications.js listens.

/**
 * @typedef {object} News
 * @property {keyof Sitebell.Events} type the event to give to the page's handlers
 * @property {object} detail what they are given
 * @property {object} [record] what the page has to write down
 */

/** @param {News} news */
async function tellPages(news) {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const page of pages) page.postMessage({ sitebell: news });
}

/**
 * @param {'show' | 'click' | 'close'} type
 * @param {string} title
 * @param {any} data of the notification
 * @param {string} [action] id of the pressed button
 */
function tellPagesAbout(type, title, { sitebell: { message, url, urls }, data }, action = '') {
  return tellPages({ type, detail: { message, title, url: urls[action] || url, action, data } });
}
