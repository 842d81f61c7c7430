// @ts-check
// Telling the open pages of the site; page/notifications.js listens.

/**
 * @param {string} type an event of the page SDK, or `moved`
 * @param {object} [detail]
 */
async function tellPages(type, detail) {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const page of pages) page.postMessage({ sitebell: { type, detail } });
}

/**
 * @param {'show' | 'click' | 'close'} type
 * @param {string} title
 * @param {any} data of the notification
 * @param {string} [action] id of the pressed button
 */
function tellPagesAbout(type, title, { sitebell: { message, url, urls }, data }, action = '') {
  return tellPages(type, { message, title, url: urls[action] || url, action, data });
}
