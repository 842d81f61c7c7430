// @ts-check
// What the worker tells open pages, and how it is woken to send what it could not send before.

/** @param {MessageEvent} event the worker's messages have one member, `sitebell` */
function hearWorker({ data }) {
  const news = data?.sitebell;
  if (news?.type) {
    remember(news.record);
    emit(news.type, news.detail);
  }
}

/** Starts the worker only if it kept something: most page loads leave it asleep. */
async function wakeWorkerForItsOutbox() {
  if (!(await caches.has(OUTBOX_DRAWER))) return;
  const kept = await (await caches.open(OUTBOX_DRAWER)).keys();
  if (kept.length) (await findRegistration())?.active?.postMessage({ sitebell: 'flush' });
}
