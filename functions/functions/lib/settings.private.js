/** The functions' variables, read once per invocation and with their defaults. */

'use strict';

const DEFAULTS = {
  BATCH_TIME_BUDGET_MS: 6000,
  TWILIO_SERVICE_RETRY_LIMIT: 5,
  TWILIO_SERVICE_MIN_BACKOFF: 100,
  TWILIO_SERVICE_MAX_BACKOFF: 3000,
};

function required(context, name) {
  const value = context[name];
  if (typeof value !== 'string' || value === '') {
    throw new Error(`the function variable ${name} is not set: deploy the functions again`);
  }
  return value;
}

// A variable that is missing or no number means its default: nothing is ever compared with NaN.
function wholeNumber(context, name) {
  const text = String(context[name] ?? '').trim();
  return /^\d{1,9}$/.test(text) ? Number(text) : DEFAULTS[name];
}

/**
 * Read the settings of one invocation.
 *
 * @param {object} context Twilio's context; variables are strings
 * @returns {{workspaceSid: string, syncServiceSid: string, secret: string, domain: string,
 *   budgetMs: number, retry: {limit: number, minMs: number, maxMs: number}, logEvents: boolean}}
 *   durations in milliseconds; `limit` is the number of retries after the first attempt
 * @throws {Error} when a variable without a default is missing
 */
function readSettings(context) {
  return {
    workspaceSid: required(context, 'TWILIO_FLEX_WORKSPACE_SID'),
    syncServiceSid: required(context, 'TWILIO_FLEX_SYNC_SID'),
    secret: required(context, 'BATCH_SECRET'),
    domain: required(context, 'DOMAIN_NAME'),
    budgetMs: wholeNumber(context, 'BATCH_TIME_BUDGET_MS'),
    retry: {
      limit: wholeNumber(context, 'TWILIO_SERVICE_RETRY_LIMIT'),
      minMs: wholeNumber(context, 'TWILIO_SERVICE_MIN_BACKOFF'),
      maxMs: wholeNumber(context, 'TWILIO_SERVICE_MAX_BACKOFF'),
    },
    logEvents: context.TR_EVENTS_LOG_EVENTS === 'true',
  };
}

module.exports = { readSettings };
