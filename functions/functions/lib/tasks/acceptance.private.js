/**
 * Accepts a reservation for the worker it was made for.
 *
 * Several workers may be offered one task: the first to accept has it, and the others'
 * reservations are rescinded. Source: TaskQueue resource, MaxReservedWorkers (410 for the others).
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');

const ENDED = new Set([400, 404, 409, 410]);
const HAD = ['accepted', 'wrapping', 'completed']; // and what follows on it

const about = ({ taskSid, reservationSid }) =>
  `accept reservation ${reservationSid} of task ${taskSid}`;

function gone(request, reservationStatus) {
  const message = `${about(request)}: it is gone, another worker was first or the task has ended`;
  return new Failure('gone', message, { more: { reservationStatus } });
}

// What a reservation's status means for whoever wants to accept it; undefined: it can be.
function settle(request, reservation) {
  if (reservation === null) throw gone(request, null);
  const { status, workerSid } = reservation;
  if (workerSid !== request.workerSid) {
    const why = request.workerSid ? "it is another worker's" : 'the token names no worker';
    throw new Failure('forbidden', `${about(request)}: ${why}`);
  }
  if (status === 'pending') return undefined;
  if (HAD.includes(status)) return 'accepted';
  if (status === 'rescinded') throw gone(request, status);
  throw new Failure('conflict', `${about(request)}: it is ${status}`, {
    more: { reservationStatus: status },
  });
}

async function tryToAccept(invocation, request, attempts) {
  const { taskSid, reservationSid } = request;
  try {
    const lost = await invocation.tasks.accept(taskSid, reservationSid, attempts);
    if (lost === null) return 'accepted';
    await attempts.failed(about(request), lost);
  } catch (error) {
    if (!ENDED.has(error.status)) throw error;
    await attempts.failed(about(request), error);
  }
  return undefined;
}

/**
 * Accept a reservation. Safe to repeat: one that is accepted already is a success.
 *
 * @param {import('../front-end/invocation.private.js').FrontEndInvocation} invocation
 * @param {{taskSid: string, reservationSid: string, workerSid: string | null}} request workerSid:
 *   whose token it is
 * @returns {Promise<'accepted'>}
 * @throws {Failure} `forbidden`, another worker's; `gone`, rescinded; `conflict`, ended otherwise
 */
async function acceptReservation(invocation, request) {
  const { taskSid, reservationSid } = request;
  const attempts = invocation.attempts();
  for (;;) {
    const found = await invocation.tasks.readReservation(taskSid, reservationSid, attempts);
    const outcome = settle(request, found) ?? (await tryToAccept(invocation, request, attempts));
    if (outcome !== undefined) return outcome;
  }
}

module.exports = { acceptReservation };
