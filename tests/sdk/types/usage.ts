// What a site writes in TypeScript against sitebell.d.ts; `npm run check` compiles it. A line that must not compile
// is marked, and the compiler complains about a mark that is not needed.

window.Sitebell = window.Sitebell || [];

Sitebell.push(['init', { site: 'TOKEN' }]);
Sitebell.push(['init', { site: 'TOKEN', server: 'https://bell.example.com', worker: '/sw.js', scope: '/' }]);
Sitebell.push(['status', (status, error) => console.log(status?.subscribed, error?.code)]);
Sitebell.push(['on', 'subscribe', (subscribed) => console.log(subscribed.subscriberHash, subscribed.endpoint)]);
Sitebell.push(['once', 'ready', (status) => console.log(status.obstacle)]);
Sitebell.push(['subscribe'], ['off', 'click'], (bell) => bell.status());

Sitebell.push(async (bell) => {
  const membership: Sitebell.Membership = await bell.subscribe();
  const hash: string | null = membership.subscriberHash;
  const farewell = await bell.unsubscribe((result) => console.log(result?.acknowledged));
  const ready: Sitebell.Status = await bell.once('ready');
  await bell.on('click', ({ url, action, data }) => console.log(url, action, data));
  await bell.off('click');
  console.log(hash, farewell.status === 'unsubscribed', ready.permission === 'granted');
});

Sitebell.push((bell) => {
  bell.subscribe().catch((error: Sitebell.SitebellError) => {
    if (error.code === 'permission_denied') console.log(error.message, error.docs, error.status);
  });
});

// @ts-expect-error: no such method
Sitebell.push(['subscribed']);
// @ts-expect-error: init needs a site
Sitebell.push(['init', {}]);
// @ts-expect-error: no such event
Sitebell.push(['on', 'subscribed', () => {}]);
// @ts-expect-error: a status has no such member
Sitebell.push(['status', (status) => status?.isSubscribed]);
// @ts-expect-error: a callback may be given nothing
Sitebell.push(['status', (status) => status.subscribed]);
