"""The account every emulator starts with, and the Flex contact centre in it.

The credentials are the same on every machine; they open nothing but an emulator.
Workers are a function of the seed: the n-th worker of a seed is always the same.

Source: Flex core concepts page (workspace, activities, channels); names of queue and workflow as
recorded.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from twilio_emulator.store import new_record

from .accounts.records import Account, ApiKey
from .flex.records import FlexConfiguration
from .store import SidSequence
from .taskrouter.lookup import parts
from .taskrouter.records import Activity, TaskQueue, Worker, Workflow, Workspace
from .taskrouter.workspaces import make_queue_and_workflow, make_workspace

if TYPE_CHECKING:
    from .emulator import Emulator
    from .store import Store

ACCOUNT_SID = "ACe0000000000000000000000000000001"
AUTH_TOKEN = "5a3b1e0000000000000000000000700c"  # noqa: S105 - opens nothing but an emulator
API_KEY_SID = "SKe0000000000000000000000000000001"
API_KEY_SECRET = "e0000000000000000000000000000002"  # noqa: S105

WORKSPACE_NAME = "Flex Task Assignment"
QUEUE_NAME = "Everyone"
WORKFLOW_NAME = "Assign to Anyone"
ACTIVITIES = (("Available", True), ("Unavailable", False), ("Break", False), ("Offline", False))

SKILLS = (
    "sales",
    "support",
    "billing",
    "technical",
    "retention",
    "claims",
    "onboarding",
    "vip",
    "chat",
    "fraud",
    "collections",
    "supervisor",
)
LEVELS = (1, 2, 3, 4, 5)
LANGUAGES = ("en", "es", "fr", "de", "pt")
TEAMS = ("North", "South", "East", "West", "Central")
_LANGUAGE_WEIGHTS = (0.85, 0.3, 0.2, 0.15, 0.1)
_SKILLS_EACH = ((1, 2, 3, 4, 5), (3, 5, 5, 3, 1))
_FIRST_NAMES = (
    "alex", "amara", "andre", "aya", "bruno", "carmen", "chloe", "daniel", "elena", "emil",
    "farah", "felix", "grace", "hana", "ivan", "jonas", "julia", "kai", "lena", "luis",
    "maya", "mina", "nora", "omar", "paula", "rafael", "rosa", "sami", "tara", "yusuf",
)  # fmt: skip
_LAST_NAMES = (
    "almeida", "becker", "costa", "diaz", "dubois", "evans", "fischer", "garcia", "haddad",
    "ito", "jensen", "keller", "lopez", "martin", "moreau", "nguyen", "okafor", "pereira",
    "rossi", "schmidt", "silva", "tanaka", "weber", "young",
)  # fmt: skip


def plant_sample(emulator: Emulator, workers: int | None) -> None:
    """Make the account and, unless `workers` is None, its Flex contact centre."""
    store, now = emulator.store, emulator.clock.now()
    store.put(
        Account(
            sid=ACCOUNT_SID,
            account_sid=ACCOUNT_SID,
            date_created=now,
            date_updated=now,
            friendly_name="Sample contact centre",
            auth_token=AUTH_TOKEN,
        )
    )
    store.put(
        ApiKey(
            sid=API_KEY_SID,
            account_sid=ACCOUNT_SID,
            date_created=now,
            date_updated=now,
            friendly_name="Sample key",
            secret=API_KEY_SECRET,
        )
    )
    if workers is None:
        return
    workspace = make_workspace(store, ACCOUNT_SID, WORKSPACE_NAME, ACTIVITIES)
    queue, workflow = make_queue_and_workflow(store, workspace, QUEUE_NAME, WORKFLOW_NAME)
    _plant_flex(store, workspace, queue, workflow)
    _plant_workers(store, workspace, workers)


def worker_attributes(seed: int, number: int) -> dict[str, Any]:
    """Make up the attributes of the n-th worker (from 1) of a seed."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - sample data, not secrets
    first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
    skills = chance.sample(SKILLS, chance.choices(*_SKILLS_EACH)[0])
    languages = [
        language
        for language, weight in zip(LANGUAGES, _LANGUAGE_WEIGHTS, strict=True)
        if chance.random() < weight
    ]
    return {
        "full_name": f"{first.title()} {last.title()}",
        "contact_uri": f"client:{first}_{last}_{number}",
        "roles": ["supervisor" if "supervisor" in skills else "agent"],
        "routing": {
            "skills": sorted(skills),
            "levels": {skill: chance.choice(LEVELS) for skill in sorted(skills)},
        },
        "languages": languages or ["en"],
        "team_name": chance.choice(TEAMS),
    }


def _plant_workers(store: Store, workspace: Workspace, count: int) -> None:
    available, *away = parts(store, Activity, workspace.sid)
    for number in range(1, count + 1):
        attributes = worker_attributes(store.sids.seed, number)
        record = new_record(store, ACCOUNT_SID, "WK")
        activity = available if number % 4 else away[number // 4 % len(away)]
        store.put(
            Worker(
                **record,
                workspace_sid=workspace.sid,
                friendly_name=attributes["contact_uri"].removeprefix("client:"),
                attributes=json.dumps(attributes, separators=(",", ":")),
                activity_sid=activity.sid,
                date_status_changed=record["date_created"],
            )
        )


def _flex_sid(prefix: str, purpose: str) -> str:
    """Make a SID that takes none out of the account's sequence."""
    return SidSequence.derived(prefix, ACCOUNT_SID, "flex", purpose)


def _plant_flex(store: Store, workspace: Workspace, queue: TaskQueue, workflow: Workflow) -> None:
    channels = [{"name": "voice", "availability": True, "capacity": 1}]
    store.put(
        FlexConfiguration(
            **new_record(store, ACCOUNT_SID, "FO"),
            settings={
                "chat_service_instance_sid": _flex_sid("IS", "chat"),
                "flex_instance_sid": _flex_sid("GO", "instance"),
                "flex_service_instance_sid": _flex_sid("IS", "service"),
                "runtime_domain": "https://flex.twilio.com",
                "taskrouter_offline_activity_sid": workspace.default_activity_sid,
                "taskrouter_skills": [
                    {"name": name, "multivalue": True, "minimum": LEVELS[0], "maximum": LEVELS[-1]}
                    for name in SKILLS
                ],
                "taskrouter_target_taskqueue_sid": queue.sid,
                "taskrouter_target_workflow_sid": workflow.sid,
                "taskrouter_taskqueues": [{"sid": queue.sid, "targettable": True}],
                "taskrouter_worker_channels": {"agent": channels},
                "taskrouter_workspace_sid": workspace.sid,
            },
        )
    )
