/**
 * Batch messages: who sent them, and when.
 *
 * A stack may have only an API key, which cannot make Twilio's own signatures.
 * So `/batch/process` is public and checks an HMAC over a secret made at deploy time.
 */

'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');

const WINDOW_SECONDS = 300;

function hmac(secret, timestamp, payload) {
  return createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest();
}

/**
 * Wrap content in a signed message.
 *
 * @param {string} secret
 * @param {object} content becomes the payload's JSON
 * @param {number} nowMs epoch milliseconds
 * @returns {{payload: string, timestamp: string, signature: string}} timestamp in epoch seconds,
 *   signature in hexadecimal
 */
function signMessage(secret, content, nowMs) {
  const payload = JSON.stringify(content);
  const timestamp = String(Math.floor(nowMs / 1000));
  return { payload, timestamp, signature: hmac(secret, timestamp, payload).toString('hex') };
}

/**
 * Say whether a message was signed with the secret at most 5 minutes from now.
 *
 * @param {string} secret
 * @param {object} message fields of any type: the message is whatever somebody posted
 * @param {number} nowMs epoch milliseconds
 * @returns {boolean}
 */
function isSigned(secret, { payload, timestamp, signature }, nowMs) {
  if (![payload, timestamp, signature].every((part) => typeof part === 'string')) return false;
  if (!/^\d{1,12}$/.test(timestamp) || !/^[0-9a-f]{64}$/i.test(signature)) return false;
  const fresh = Math.abs(nowMs / 1000 - Number(timestamp)) <= WINDOW_SECONDS;
  const genuine = timingSafeEqual(Buffer.from(signature, 'hex'), hmac(secret, timestamp, payload));
  return genuine && fresh;
}

/**
 * Read the payload of a message that was found to be signed.
 *
 * @param {string} payload JSON text
 * @returns {{batch: string, lane: number, generation: number} | null} null for another shape
 */
function readPayload(payload) {
  let content;
  try {
    content = JSON.parse(payload);
  } catch {
    return null;
  }
  const { batch, lane, generation } = content ?? {};
  const named = typeof batch === 'string' && /^[a-z0-9]{20}$/.test(batch);
  const counted = Number.isSafeInteger(lane) && lane >= 0 && Number.isSafeInteger(generation);
  return named && counted ? { batch, lane, generation } : null;
}

module.exports = { isSigned, readPayload, signMessage };
