/**
 * Log lines: one JSON object per line, for Twilio's function logs.
 *
 * What may be in them: event types, SIDs, counts, statuses and reasons.
 * Never attributes, never secrets.
 */

'use strict';

function line(level, event, fields) {
  return JSON.stringify({ level, event, ...fields });
}

/**
 * Write one line at a level.
 *
 * @param {string} event what happened, such as `lane.handed-over`
 * @param {object} [fields] JSON values
 */
exports.info = (event, fields) => console.log(line('info', event, fields));

/** As `info`, for what is out of order but does not stop the work. */
exports.warn = (event, fields) => console.warn(line('warn', event, fields));

/** As `info`, for what could not be done. */
exports.error = (event, fields) => console.error(line('error', event, fields));
