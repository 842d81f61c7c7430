// @ts-check
// The page's questions to the server, with typed errors.

/**
 * @param {'GET' | 'PUT' | 'POST'} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} the parsed answer
 */
async function ask(method, path, body) {
  const answer = await exchange(settings, method, path, body);
  if (!answer.status) throw complaint('server_unreachable');
  if (answer.status < 400) return answer.body;
  const { code, message } = answer.body.error || {};
  throw new SitebellError(code || 'server_unreachable', message || '', answer.status);
}

/**
 * @param {any} body the server's answer about a subscription
 * @returns {Sitebell.Membership}
 */
function membershipOf({ subscriber_hash: subscriberHash = null, status = null, enrollments = [] }) {
  return { subscriberHash, status, enrollments: enrollments.map(enrollmentOf) };
}

/**
 * @param {any} row
 * @returns {Sitebell.Enrollment}
 */
function enrollmentOf({ database_id: databaseId, profile_id: profileId = null, ...rest }) {
  return { databaseId, profileId, ...rest };
}
