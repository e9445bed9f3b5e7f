/** Answers of the functions: JSON with a status. */

'use strict';

/**
 * Make an answer.
 *
 * @param {number} status
 * @param {object} body becomes JSON
 * @returns {object} a Twilio.Response
 */
exports.reply = (status, body) =>
  new Twilio.Response()
    .setStatusCode(status)
    .appendHeader('Content-Type', 'application/json')
    .setBody(body);
