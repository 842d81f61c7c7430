// @ts-check
// What the visitor chooses: a pause, and topics.

/**
 * @param {'pause' | 'resume'} path
 * @returns {(until?: Date | number | string) => Promise<Sitebell.Membership>} the method
 */
const chooser = (path) => (until) =>
  settled(async () => {
    const subscription = credentialOf(await mustOwnSubscription());
    const membership = membershipOf(
      await ask('/subscription/' + path, { subscription, until: until && new Date(until).toISOString() }),
    );
    remember({ membership });
    return membership;
  });

/** @returns {Promise<Sitebell.Topic[]>} */
async function topics() {
  const { topics: offered } = await ask('');
  const { topics: chosen = [] } = await readStatus();
  return offered.map((/** @type {any} */ topic) => ({ ...topic, chosen: chosen.includes(topic.name) }));
}
