// @ts-check
// Nothing here waits for ever: a browser that hangs must not hang the page, or the worker, with it.

/**
 * Settles as `work` does, or rejects once `milliseconds` have passed. The work itself goes on.
 *
 * @template Result
 * @param {number} milliseconds
 * @param {Promise<Result>} work
 * @returns {Promise<Result>}
 */
function within(milliseconds, work) {
  return Promise.race([work, new Promise((_, reject) => setTimeout(reject, milliseconds, 'timeout'))]);
}
