/** The functions' variables, read once per invocation and with their defaults. */

'use strict';

const DEFAULTS = {
  BATCH_TIME_BUDGET_MS: 6000,
  TWILIO_SERVICE_RETRY_LIMIT: 5,
  TWILIO_SERVICE_MIN_BACKOFF: 100,
  TWILIO_SERVICE_MAX_BACKOFF: 3000,
  FRONT_END_TIME_BUDGET_MS: 8000,
};
const ALLOWED_ORIGINS = 'https://flex.twilio.com';
const ALLOWED_ROLES = 'agent,supervisor,admin';
const TOKEN_VALIDATOR = 'flex';

function required(context, name) {
  const value = context[name];
  if (typeof value !== 'string' || value === '') {
    const message = `the function variable ${name} is not set: deploy the functions again`;
    throw Object.assign(new Error(message), { code: 'NOT_SET' });
  }
  return value;
}

// A variable that is missing or no number means its default: nothing is ever compared with NaN.
function wholeNumber(context, name) {
  const text = String(context[name] ?? '').trim();
  return /^\d{1,9}$/.test(text) ? Number(text) : DEFAULTS[name];
}

function listed(context, name, otherwise) {
  const words = (text) =>
    String(text ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  const given = words(context[name]);
  return given.length > 0 ? given : words(otherwise);
}

/**
 * Read the settings of one invocation.
 *
 * A variable without a default is missed only by what needs it: reading that setting throws an
 * Error, `code` NOT_SET, which names the variable.
 *
 * @param {object} context Twilio's context; variables are strings
 * @returns {{workspaceSid: string, syncServiceSid: string, hasSync: boolean, secret: string,
 *   domain: string, budgetMs: number, frontEndBudgetMs: number,
 *   retry: {limit: number, minMs: number, maxMs: number}, logEvents: boolean,
 *   allowedOrigins: string[], allowedRoles: string[], tokenValidator: string}}
 *   durations in milliseconds; `limit` is the number of retries after the first attempt
 */
function readSettings(context) {
  return {
    get workspaceSid() {
      return required(context, 'TWILIO_FLEX_WORKSPACE_SID');
    },
    get syncServiceSid() {
      return required(context, 'TWILIO_FLEX_SYNC_SID');
    },
    get secret() {
      return required(context, 'BATCH_SECRET');
    },
    get domain() {
      return required(context, 'DOMAIN_NAME');
    },
    hasSync: Boolean(context.TWILIO_FLEX_SYNC_SID),
    budgetMs: wholeNumber(context, 'BATCH_TIME_BUDGET_MS'),
    frontEndBudgetMs: wholeNumber(context, 'FRONT_END_TIME_BUDGET_MS'),
    retry: {
      limit: wholeNumber(context, 'TWILIO_SERVICE_RETRY_LIMIT'),
      minMs: wholeNumber(context, 'TWILIO_SERVICE_MIN_BACKOFF'),
      maxMs: wholeNumber(context, 'TWILIO_SERVICE_MAX_BACKOFF'),
    },
    logEvents: context.TR_EVENTS_LOG_EVENTS === 'true',
    allowedOrigins: listed(context, 'ALLOWED_ORIGINS', ALLOWED_ORIGINS),
    allowedRoles: listed(context, 'ALLOWED_ROLES', ALLOWED_ROLES),
    tokenValidator: String(context.TOKEN_VALIDATOR || TOKEN_VALIDATOR),
  };
}

module.exports = { readSettings };
