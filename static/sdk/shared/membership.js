// @ts-check
// The server's answer about a subscription, in the words of the page SDK.

/**
 * @param {any} body the server's answer about a subscription
 * @returns {Sitebell.Membership}
 */
function membershipOf({ subscriber_hash: subscriberHash = null, status = null, enrollments = [], ...rest }) {
  return { subscriberHash, status, enrollments: enrollments.map(enrollmentOf), ...rest };
}

/**
 * @param {any} row
 * @returns {Sitebell.Enrollment}
 */
function enrollmentOf({ database_id: databaseId, profile_id: profileId, ...rest }) {
  return { databaseId, profileId, ...rest };
}
