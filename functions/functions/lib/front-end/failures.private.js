/** Failures that front ends are told by name: docs/task-attributes.md, Function endpoints. */

'use strict';

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'not-applicable': 422,
  internal: 500,
  twilio: 502,
  'out-of-time': 503,
};

/** A request that ended without what it asked for. */
class Failure extends Error {
  /**
   * @param {keyof typeof STATUS} name
   * @param {string} message for whoever wrote the front end; no attributes, no token
   * @param {{retrySafe?: boolean, more?: object, cause?: Error}} [options] more: further members
   *   of the answer's `error`
   */
  constructor(name, message, { retrySafe = false, more = {}, cause } = {}) {
    super(message, { cause });
    this.name = name;
    this.retrySafe = retrySafe;
    this.more = more;
  }

  /** @returns {number} the HTTP status of the answer */
  get answer() {
    return STATUS[this.name];
  }
}

module.exports = { Failure };
