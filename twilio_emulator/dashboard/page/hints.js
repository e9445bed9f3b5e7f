// Commands to run where there is nothing to show yet.

import { state } from "./live.js";

const curl = (account, path, ...fields) =>
  [
    `curl -u ${account}:$TWILIO_AUTH_TOKEN`,
    `${location.origin}/taskrouter.twilio.com/v1/Workspaces${path}`,
    ...fields.map((field) => `-d ${field}`),
  ].join(" ");

const anyAccount = () => [...state.accounts.keys()][0] ?? "$TWILIO_ACCOUNT_SID";

/** The command that lists the workspaces. */
export const listing = () => curl(anyAccount(), "");

/** What to do in a workspace, or the command that creates the first one: [words, command]. */
export function create(words, collection, ...fields) {
  const workspace = state.chosen.get("workspace")?.sid;
  if (!workspace)
    return ["There is no workspace yet. Create one:", curl(anyAccount(), "", "FriendlyName=Demo")];
  const account = state.workspaces.get(workspace)?.account ?? anyAccount();
  return [words, curl(account, `/${workspace}/${collection}`, ...fields)];
}

/** What to do to see a task offered. */
export function createTask(words) {
  const queues = [...state.queues];
  const [queue] = queues.find(([, { available }]) => available) ?? queues[0] ?? [];
  const fields = ["TaskChannel=default", `Attributes='{"name":"First call"}'`];
  return create(words, "Tasks", ...(queue ? [`TaskQueueSid=${queue}`] : []), ...fields);
}
