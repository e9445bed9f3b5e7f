/**
 * Tokens of Flex: checked by Twilio itself, with the account's credentials.
 *
 * Source: the published package twilio-flex-token-validator 1.6.0 (address, body and answer).
 */

'use strict';

const IAM = 'https://iam.twilio.com/v1/Accounts';

const refused = (status, code) =>
  Object.assign(new Error(`Twilio does not accept the token (${status})`), { status, code });

/**
 * Check a token.
 *
 * A validator of another name does the same: `lib/token-validators/<name>.private.js`, chosen by
 * the variable TOKEN_VALIDATOR.
 *
 * @param {object} context Twilio's context; its client gives up when the function's time is over
 * @param {string} token
 * @returns {Promise<{identity: string, workerSid: string | null, roles: string[]}>}
 * @throws {Error} when it is not valid; with a `status` of 429 or 5xx, or a connection's `code`,
 *   when that could not be found out, which is tried again
 */
async function validate(context, token) {
  const answer = await context.getTwilioClient().request({
    method: 'post',
    uri: `${IAM}/${context.ACCOUNT_SID}/Tokens/validate`,
    headers: { 'Content-Type': 'application/json' },
    data: JSON.stringify({ token }),
  });
  if (answer.statusCode >= 300) throw refused(answer.statusCode);
  const found = JSON.parse(answer.body);
  if (found.valid !== true) throw refused(401, found.code);
  const roles = Array.isArray(found.roles) ? found.roles : [];
  return { identity: found.identity, workerSid: found.worker_sid ?? null, roles };
}

module.exports = { validate };
