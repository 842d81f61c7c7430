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
