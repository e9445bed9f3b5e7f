/**
 * The workflows' assignment callback: gives no instruction, so that every worker who was offered
 * the task may accept it and the first one has it.
 *
 * Source: Handling assignment callbacks (an empty 200 leaves the reservation pending).
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { reply } = load('reply');

exports.handler = function handler(context, event, callback) {
  callback(null, reply(200, {}));
};
