'use strict';
// The conversation of conversation.py through Twilio's Node library, which is named on the command
// line together with the workspace, a name of one's own and a webhook as JSON.

const [library, workspaceSid, name, webhook] = process.argv.slice(2);
const twilio = require(library);
const client = twilio();
const workspace = client.taskrouter.v1.workspaces(workspaceSid);
const SOURCE = "exports.handler = (context, event, callback) => callback(null, 'hello');";

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return [error.status, error.code];
  }
  return null;
}

async function workers() {
  const made = [];
  for (let n = 0; n < 5; n += 1) {
    made.push(await workspace.workers.create({ friendlyName: `w${n}` }));
  }
  const listed = await workspace.workers.list({ pageSize: 2 });
  const { sid } = made[0];
  const etag = await version(made[0].url);
  const updated = await workspace.workers(sid).update({ friendlyName: 'renamed', ifMatch: etag });
  return {
    listed: listed.map((worker) => worker.friendlyName).sort(),
    etag,
    updated: [updated.friendlyName, await version(made[0].url)],
    stale: await refusal(workspace.workers(sid).update({ friendlyName: 'late', ifMatch: etag })),
    missing: await refusal(workspace.workers(`WK${'0'.repeat(32)}`).fetch()),
  };
}

async function version(uri) {
  const answer = await client.request({ method: 'GET', uri });
  return answer.headers.etag;
}

async function document() {
  const { documents } = client.sync.v1.services('default');
  const made = await documents.create({ uniqueName: name, data: { n: 0 } });
  const changed = await client.sync.v1
    .services('default')
    .documents(name)
    .update({ data: { n: 1 }, ifMatch: made.revision });
  return [changed.data, changed.revision];
}

// The library has no call for uploads; its own HTTP client carries this one.
async function uploaded() {
  const service = await client.serverless.v1.services.create({
    uniqueName: name,
    friendlyName: name,
  });
  const made = await client.serverless.v1
    .services(service.sid)
    .functions.create({ friendlyName: 'hello' });
  const form = new FormData();
  form.set('Path', '/hello');
  form.set('Visibility', 'public');
  form.set('Content', new Blob([SOURCE], { type: 'application/javascript' }), 'hello.js');
  const host = 'https://serverless-upload.twilio.com';
  const answer = await client.httpClient.axios.post(
    `${host}/v1/Services/${service.sid}/Functions/${made.sid}/Versions`,
    form,
    {
      auth: { username: client.username, password: client.password },
      proxy: false,
    },
  );
  return answer.data.path;
}

function signed() {
  const { url, params, signature } = JSON.parse(webhook);
  const check = (given) => twilio.validateRequest(client.password, signature, url, given);
  return [check(params), check({ ...params, Sid: 'EV1' })];
}

async function main() {
  const facts = await workers();
  facts.document = await document();
  facts.uploaded = await uploaded();
  facts.signed = signed();
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
