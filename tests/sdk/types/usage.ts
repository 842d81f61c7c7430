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

Sitebell.push(['identify', 42]);
Sitebell.push(['identify', 'customer-42', (membership, error) => console.log(membership?.subscriberHash, error?.code)]);
Sitebell.push([
  'identify',
  'customer-42',
  { token: 'JWT', databaseIds: [1], fields: { plan: 'gold', visits: { incr: 1 } } },
]);
Sitebell.push([
  'subscribe',
  { match: { email: 'ann@example.com' }, topics: ['news'] },
  (membership) => membership?.topics,
]);
Sitebell.push(['tag', 'gold', 'vip', (membership) => console.log(membership?.status)], ['logout']);

Sitebell.push(async (bell) => {
  const { identity, enrollments } = await bell.identify('customer-42', { token: 'JWT' });
  console.log(identity?.status === 'verified', enrollments[0]?.message);
  await bell.update({ custom: { field: 'card', value: 7 } }, { _fname: null }, { exclusive: false });
  await bell.setFields({ _city: 'Ulm' }, { token: 'JWT' });
  await bell.pause(new Date(2026, 11, 24));
  await bell.pause('2026-12-24T18:00:00Z', (membership) => console.log(membership?.enrollments));
  await bell.resume();
  const chosen: string[] = (await bell.topics()).filter((topic) => topic.chosen).map((topic) => topic.name);
  await bell.setTopics(chosen);
  await bell.untag('gold');
  const loggedOut: boolean = (await bell.logout()).acknowledged;
  console.log(loggedOut);
});

// @ts-expect-error: nobody is named
Sitebell.push(['identify']);
// @ts-expect-error: a member of the server's, not of the page's words
Sitebell.push((bell) => bell.update({ external_id: 'customer-42' }));
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
