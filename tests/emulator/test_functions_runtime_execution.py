"""How functions run: context, limits, processes, logs and where their requests go."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from twilio_emulator.functions_runtime import (
    BundleFile,
    Crashed,
    FunctionPool,
    Invocation,
    Outcome,
    Program,
    lay_out,
)
from twilio_emulator.functions_runtime.settings import PREFIX
from twilio_emulator.sample_account import ACCOUNT_SID, AUTH_TOKEN

from .running import Running, awaited, running

SYNC = "sync.twilio.com"
PID = "exports.handler = (context, event, callback) => callback(null, String(process.pid));"
SPIN = "exports.handler = () => { for (;;); };"


def handler(body: str) -> str:
    """Write a function whose value is the answer."""
    return f"""exports.handler = async (context, event, callback) => {{
      try {{ callback(null, await (async () => {{ {body} }})()); }} catch (e) {{ callback(e); }}
    }};"""


def alive(pid: int) -> bool:
    """Tell whether a process runs (one that nobody has collected yet does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """Run an emulator whose functions have little time and few processes."""
    limits = {"EXECUTION_LIMIT": "1.5", "CONCURRENT_EXECUTIONS": "3", "WARM_FOR": "1.0"}
    environ = {PREFIX + name: value for name, value in limits.items()}
    with running(environ={**environ, "UNRELATED_SECRET": "not for functions"}) as started:
        yield started


def test_context_has_variables_and_credentials(emulator: Running) -> None:
    """The context carries the environment's variables, its SIDs, its domain and credentials."""
    source = handler("return {...context, client: typeof context.getTwilioClient};")
    deployed = emulator.deploy("context", {"/show": source}, {"COLOUR": "blue"})

    context = deployed.call("/show").json()

    assert context == {
        "PATH": "/show",
        "DOMAIN_NAME": deployed.url.removeprefix("https://"),
        "SERVICE_SID": deployed.service,
        "ENVIRONMENT_SID": deployed.environment,
        "COLOUR": "blue",
        "ACCOUNT_SID": ACCOUNT_SID,
        "AUTH_TOKEN": AUTH_TOKEN,
        "client": "function",
    }


def test_service_without_credentials_gives_none(emulator: Running) -> None:
    """A service that does not include credentials keeps them from its functions."""
    source = handler("return Object.keys(context).concat(Object.keys(process.env));")
    deployed = emulator.deploy("bare", {"/keys": source}, IncludeCredentials="false")

    keys = deployed.call("/keys").json()

    assert not {"ACCOUNT_SID", "AUTH_TOKEN"} & set(keys)


def test_emulator_environment_does_not_leak(emulator: Running) -> None:
    """Nothing of the emulator's own process environment reaches a function."""
    deployed = emulator.deploy("sealed", {"/env": handler("return process.env;")})

    environment = deployed.call("/env").json()

    assert "not for functions" not in json.dumps(environment)
    assert set(environment) == {
        *("PATH", "HOME", "TZ", "LANG", "NODE_ENV"),
        *("ACCOUNT_SID", "AUTH_TOKEN", "SERVICE_SID", "ENVIRONMENT_SID"),
    }


def test_changed_variable_needs_no_build(emulator: Running) -> None:
    """A variable added after the deployment is seen by the next invocation."""
    deployed = emulator.deploy("late", {"/colour": handler("return context.COLOUR || 'none';")})
    assert deployed.call("/colour").text == "none"

    deployed.set_variable("COLOUR", "green")

    assert deployed.call("/colour").text == "green"


def test_event_has_query_form_and_json(emulator: Running) -> None:
    """Query and body parameters arrive in the event, a form's and a JSON body's alike."""
    source = handler("const {request, ...rest} = event; return rest;")
    deployed = emulator.deploy("events", {"/echo": source})

    form = deployed.call("/echo?a=1", "POST", data={"b": "2"})
    body = deployed.call("/echo?a=1", "POST", json={"b": {"c": [3]}})

    assert form.json() == {"a": "1", "b": "2"}
    assert body.json() == {"a": "1", "b": {"c": [3]}}


def test_response_object_sets_status_headers_and_body(emulator: Running) -> None:
    """A Twilio.Response decides status, headers, cookies and body."""
    source = handler("""const response = new Twilio.Response();
      response.setStatusCode(418); response.appendHeader('X-Kind', 'teapot');
      response.appendHeader('Content-Type', 'application/json'); response.setCookie('a', 'b');
      response.setBody({ok: true}); return response;""")
    deployed = emulator.deploy("teapot", {"/pot": source})

    answer = deployed.call("/pot")

    assert answer.status_code == 418
    assert answer.headers["x-kind"] == "teapot"
    assert answer.headers["set-cookie"] == "a=b"
    assert answer.json() == {"ok": True}
    assert "x-powered-by" not in answer.headers


def test_private_functions_and_assets_load_by_name(emulator: Running) -> None:
    """Runtime.getFunctions and Runtime.getAssets give a public function its private files."""
    zs = emulator.service("private-files")
    main = handler("""const add = require(Runtime.getFunctions()['lib/add'].path);
      const names = Runtime.getAssets()['/names.json'];
      return [add(1, 2), JSON.parse(names.open()), Object.keys(Runtime.getAssets())];""")
    versions = [
        emulator.upload(zs, "/main", main),
        emulator.upload(zs, "/lib/add", "module.exports = (a, b) => a + b;", visibility="private"),
    ]
    assets = [
        emulator.upload(
            zs,
            "/names.json",
            '["Ada"]',
            visibility="private",
            kind="Assets",
            content_type="application/json",
        ),
        emulator.upload(zs, "/open.txt", "x", kind="Assets", content_type="text/plain"),
    ]
    build = emulator.build(
        zs,
        FunctionVersions=[version["sid"] for version in versions],
        AssetVersions=[version["sid"] for version in assets],
    )
    path = f"/v1/Services/{zs}/Environments"
    api = "serverless.twilio.com"
    environment = emulator.api("POST", api, path, data={"UniqueName": "all"}).json()
    deployments = f"{path}/{environment['sid']}/Deployments"
    emulator.api("POST", api, deployments, data={"BuildSid": build["sid"]})
    url = f"https://{environment['domain_name']}"

    assert emulator.function("GET", url + "/main").json() == [3, ["Ada"], ["/names.json"]]
    assert emulator.function("GET", url + "/lib/add").status_code == 404
    assert emulator.function("GET", url + "/names.json").status_code == 403
    served = emulator.function("GET", url + "/open.txt")
    assert (served.text, served.headers["content-type"]) == ("x", "text/plain")


def test_console_output_is_listed_with_levels(emulator: Running) -> None:
    """What a function writes is listed by the Logs API with its level, per invocation."""
    source = handler("""console.log('one', {n: event.n}); console.warn('two');
      console.error('three'); process.stdout.write('four\\n'); return 'done';""")
    deployed = emulator.deploy("talkative", {"/talk": source})

    deployed.call("/talk?n=1")
    deployed.call("/talk?n=2")

    lines = deployed.logs(FunctionSid=deployed.functions["/talk"])
    assert [(line["level"], line["message"]) for line in lines[:4]] == [
        ("info", "one { n: '1' }"),
        ("warn", "two"),
        ("error", "three"),
        ("info", "four"),
    ]
    assert lines[4]["message"] == "one { n: '2' }"
    assert len({line["request_sid"] for line in lines}) == 2
    assert deployed.logs(FunctionSid="ZH" + "0" * 32) == []


def test_long_output_is_not_lost(emulator: Running) -> None:
    """Output larger than a pipe's buffer arrives whole, in order, before the answer."""
    source = handler("for (let i = 0; i < 200; i++) console.log(i + ' ' + 'x'.repeat(2000));")
    deployed = emulator.deploy("verbose", {"/shout": source})

    deployed.call("/shout")

    numbers = [int(line["message"].split()[0]) for line in deployed.logs(PageSize="1000")]
    assert numbers == list(range(200))


def test_a_flood_of_output_is_cut_off(emulator: Running) -> None:
    """However much a function writes, the emulator keeps a few MiB, says so, and goes on."""
    flood = "for (let n = 0; n < 30000; n++) console.log('x'.repeat(200)); return 'done';"
    deployed = emulator.deploy("flooding", {"/flood": handler(flood)})

    assert deployed.call("/flood").text == "done"

    last = deployed.logs(PageSize="1")[-1]
    assert (last["level"], last["message"][:21]) == ("warn", "more than 4 MiB of lo")
    assert emulator.emulator.take_snapshot("flooded")["records"] < 15_000
    assert deployed.call("/flood").text == "done"


def test_too_long_execution_is_killed(emulator: Running) -> None:
    """A function over the limit is answered 504/82002 and its process is gone."""
    sources = {"/pid": PID, "/spin": SPIN, "/never": "exports.handler = () => {};"}
    deployed = emulator.deploy("slow", sources)
    first = int(deployed.call("/pid").text)

    spun, hung = deployed.call("/spin"), deployed.call("/never")

    assert [spun.status_code, hung.status_code] == [504, 504]
    assert spun.json()["code"] == 82002
    assert not alive(first)
    assert int(deployed.call("/pid").text) != first
    assert "runtime application timed out" in [line["message"] for line in deployed.logs()]


def test_crashed_process_is_replaced(emulator: Running) -> None:
    """A process that ends before answering is answered 500, its last words are logged."""
    source = "exports.handler = () => setTimeout(() => { throw new Error('out of luck'); }, 1);"
    deployed = emulator.deploy("crashing", {"/pid": PID, "/crash": source})
    first = int(deployed.call("/pid").text)

    crashed = deployed.call("/crash")

    assert crashed.status_code == 500
    assert any("out of luck" in line["message"] for line in deployed.logs())
    assert int(deployed.call("/pid").text) != first


def test_what_a_function_leaves_behind_holds_nobody_up(emulator: Running) -> None:
    """A crash is answered, and a reset carried out, while something it started lives on."""
    leave = (
        "const child = require('child_process').spawn("
        "'sleep', ['120'], {detached: true, stdio: 'inherit'}); child.unref();"
    )
    code = "exports.handler = (c, e, done) => { %s %s };"
    deployed = emulator.deploy(
        "leaving",
        {
            "/leave": code % (leave, "done(null, String(child.pid));"),
            "/crash": code % ("", "process.exit(1);"),
        },
    )
    child = int(deployed.call("/leave").text)
    try:
        assert deployed.call("/crash").status_code == 500
        emulator.emulator.reset()
        assert Path(f"/proc/{child}").exists()
    finally:
        os.kill(child, signal.SIGKILL)


def test_failed_callback_is_an_answer(emulator: Running) -> None:
    """An error given to the callback is answered 500 by a process that lives on."""
    sources = {"/pid": PID, "/fail": handler("throw new Error('not today');")}
    deployed = emulator.deploy("failing", sources)
    first = deployed.call("/pid").text

    failed = deployed.call("/fail")

    assert (failed.status_code, failed.json()["message"]) == (500, "not today")
    assert deployed.call("/pid").text == first


def test_processes_stay_warm_and_cool_down(emulator: Running) -> None:
    """Requests one after another share a process, which ends when it has been idle a while."""
    deployed = emulator.deploy("warm", {"/pid": PID})

    pids = {int(deployed.call("/pid").text) for _ in range(3)}

    assert len(pids) == 1
    awaited(lambda: not alive(next(iter(pids))))


def test_one_request_at_a_time_and_a_limit_for_all(emulator: Running) -> None:
    """No process has two requests at once, and above the account's limit requests get 429."""
    source = handler("""const from = Date.now();
      await new Promise((done) => setTimeout(done, 600));
      return [process.pid, from, Date.now()];""")
    deployed = emulator.deploy("crowd", {"/wait": source})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: deployed.call("/wait"), range(8)))

    ran = sorted(answer.json() for answer in answers if answer.status_code == 200)
    assert len(ran) == 3
    assert sorted({answer.status_code for answer in answers}) == [200, 429]
    for (pid, _, end), (next_pid, start, _) in pairwise(ran):
        assert pid != next_pid or end <= start


def test_caller_going_away_does_not_stop_the_function(emulator: Running) -> None:
    """A function goes on after its caller has hung up."""
    source = handler("""await new Promise((done) => setTimeout(done, 400));
      await context.getTwilioClient().sync.v1.services('default').documents
        .create({uniqueName: 'after-all', data: {done: true}}); return 'done';""")
    deployed = emulator.deploy("patient", {"/late": source, "/pid": PID})
    deployed.call("/pid")

    with pytest.raises(httpx.ReadTimeout):
        deployed.call("/late", timeout=0.2)

    path = "/v1/Services/default/Documents/after-all"
    awaited(lambda: emulator.api("GET", SYNC, path).status_code == 200)


def test_every_kind_of_client_reaches_the_emulator(emulator: Running) -> None:
    """The twilio package, axios, the https module, http and global fetch all end up here."""
    source = handler("""
      const https = require('node:https'), http = require('node:http');
      const token = Buffer.from(context.ACCOUNT_SID + ':' + context.AUTH_TOKEN);
      const headers = {Authorization: 'Basic ' + token.toString('base64')};
      const url = '://sync.twilio.com/v1/Services/default';
      const plain = (client, scheme) => new Promise((done, fail) => client.get(scheme + url,
        {headers}, (r) => { let t = ''; r.on('data', (d) => { t += d; });
          r.on('end', () => done(JSON.parse(t).unique_name)); }).on('error', fail));
      return [
        (await context.getTwilioClient().sync.v1.services('default').fetch()).uniqueName,
        (await Runtime.getSync().fetch()).uniqueName,
        (await require('axios').get('https' + url, {headers})).data.unique_name,
        (await (await fetch('https' + url, {headers})).json()).unique_name,
        await plain(https, 'https'), await plain(http, 'http'),
      ];""")
    axios = '[{"name":"axios","version":"1.0.0"}]'
    deployed = emulator.deploy("clients", {"/all": source}, dependencies=axios)

    assert deployed.call("/all").json() == ["default"] * 6


def test_functions_call_each_other(emulator: Running) -> None:
    """A request to the function's own domain runs another function of it."""
    source = handler("return (await fetch(`https://${context.DOMAIN_NAME}/pid`)).text();")
    deployed = emulator.deploy("chain", {"/first": source, "/pid": PID})

    assert int(deployed.call("/first").text) > 0


def test_other_hosts_are_refused_by_name(emulator: Running) -> None:
    """A connection to any other host fails with an error that names it."""
    source = handler("""const failures = [];
      const urls = ['https://example.com/', 'http://localhost:8080/', 'http://127.0.0.1:8080/'];
      for (const url of urls) {
        try { await fetch(url); } catch (e) { failures.push(e.cause.message); } }
      await new Promise((done) => require('node:net').connect(25, 'mail.example.org')
        .on('error', (e) => { failures.push(e.message); done(); }));
      return failures;""")
    deployed = emulator.deploy("outside", {"/reach": source})

    failures = deployed.call("/reach").json()

    hosts = ["example.com", "localhost", "127.0.0.1", "mail.example.org"]
    assert len(failures) == len(hosts)
    for host, failure in zip(hosts, failures, strict=True):
        assert failure.startswith(f"Connection to {host} refused: functions in the emulator")


def test_undeclared_package_cannot_be_required(emulator: Running) -> None:
    """A package that the build does not declare is missing although it is installed."""
    deployed = emulator.deploy("undeclared", {"/try": handler("return require('axios');")})

    answer = deployed.call("/try")

    assert answer.status_code == 500
    assert "Cannot find module 'axios'" in answer.json()["message"]


def test_strict_ends_the_process_with_its_response() -> None:
    """In strict mode work left after the callback is lost; otherwise it goes on."""
    source = """exports.handler = (context, event, callback) => {
      setTimeout(() => context.getTwilioClient().sync.v1.services('default').documents
        .create({uniqueName: event.name}), 150);
      callback(null, String(process.pid)); };"""

    def left_over(strict: bool) -> tuple[int, int]:
        environ = {PREFIX + "STRICT": "true" if strict else "false"}
        with running(environ=environ) as started:
            deployed = started.deploy("leaving", {"/leave": source})
            pid = int(deployed.call("/leave?name=left").text)
            path = "/v1/Services/default/Documents/left"
            if strict:
                awaited(lambda: not alive(pid))
            else:
                awaited(lambda: started.api("GET", SYNC, path).status_code == 200)
            return started.api("GET", SYNC, path).status_code, pid

    assert left_over(strict=True)[0] == 404
    assert left_over(strict=False)[0] == 200


def test_nothing_outlives_a_killed_emulator() -> None:
    """A function that spins for ever, and what it started, end with an emulator killed by -9."""
    source = """const child = require('node:child_process').spawn('sleep', ['600']);
      exports.handler = (context, event, callback) => {
        if (event.spin) for (;;); callback(null, [process.pid, child.pid]); };"""
    with running() as started:
        deployed = started.deploy("orphans", {"/pids": source})
        pids = deployed.call("/pids").json()
        with pytest.raises(httpx.ReadTimeout):
            deployed.call("/pids?spin=1", timeout=0.3)
        assert all(alive(pid) for pid in pids)

        started.emulator.kill()

        awaited(lambda: not any(alive(pid) for pid in pids))


def test_stopping_the_emulator_ends_its_functions() -> None:
    """A normal stop ends warm processes and removes what was written for them."""
    with running() as started:
        deployed = started.deploy(
            "stopping", {"/where": handler("return [process.pid, __dirname];")}
        )
        pid, folder = deployed.call("/where").json()
        assert alive(pid)
        assert Path(folder).is_dir()
        before = time.monotonic()

    assert not alive(pid)
    assert not Path(folder).exists()
    assert time.monotonic() - before < 10


def test_closing_during_a_start_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool closed while Node is coming up ends it, answers, and removes its folder."""

    async def close_early(folder: Path) -> Outcome:
        file = BundleFile("function", "/pid", "public", PID.encode())
        routes = lay_out([file], ["twilio"], folder / "build")
        program = Program("ZE1", folder / "build", "a-1234.twil.io", {}, routes)
        pool = FunctionPool("127.0.0.1:1")
        call = asyncio.ensure_future(
            pool.invoke(program, "AC1", Invocation("GET", b"/pid", [], b""))
        )
        while not list(folder.glob("twilio-functions-*")):
            await asyncio.sleep(0)
        await pool.close()
        return await call

    with TemporaryDirectory() as scratch:
        monkeypatch.setattr(tempfile, "tempdir", scratch)
        outcome = asyncio.run(close_early(Path(scratch)))

        assert isinstance(outcome, Crashed)
        assert [entry.name for entry in Path(scratch).iterdir()] == ["build"]
