/**
 * Accepts a reservation for a front end; the token has to be the reservation's worker's.
 *
 * Public, because browsers call it: the body's Token is checked instead
 * (docs/task-attributes.md, Function endpoints). Answers 200 `{outcome, taskSid, reservationSid}`,
 * 410 when another worker was first.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { acceptReservation } = load('tasks/acceptance');
const { frontEnd } = load('front-end/handler');
const { kinds } = load('front-end/body');

const members = {
  taskSid: { ...kinds.sid('WT'), required: true },
  reservationSid: { ...kinds.sid('WR'), required: true },
};

async function work(invocation, { taskSid, reservationSid }, { workerSid }) {
  const request = { taskSid, reservationSid, workerSid };
  return { outcome: await acceptReservation(invocation, request), taskSid, reservationSid };
}

exports.handler = frontEnd({ members, work });
