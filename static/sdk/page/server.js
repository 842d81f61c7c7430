// @ts-check
// The page's questions to the server, with typed errors.

/**
 * @param {string} path
 * @param {object} [body]
 * @param {'GET' | 'PUT' | 'POST'} [method]
 * @returns {Promise<any>} the parsed answer
 */
async function ask(path, body, method = body ? 'POST' : 'GET') {
  const { status, body: answer } = await exchange(settings, method, path, body);
  if (status && status < 400) return answer;
  const {
    code = 'server_unreachable',
    message = `Check that ${settings.server} runs and allows ${location.origin}, and connect-src.`,
  } = answer?.error || {};
  throw complaint(code, '', message, status);
}
