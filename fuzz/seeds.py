#!/usr/bin/env python3
"""Writes the seeds of the fuzzers: seeds.py FOLDER. From the samples of updates, the bots' conversations, the list of routes."""
import json
import pathlib
import random
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
out = pathlib.Path(sys.argv[1])
random.seed(7)


def write(target, name, content):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / re.sub(r"[^a-z0-9]+", "-", name.lower())).write_bytes(content)


samples = json.loads((root / "tests/hostile/updates.json").read_text())
for at, sample in enumerate(samples):
    sample["update"]["update_id"] = 5
    line = json.dumps(sample["update"], ensure_ascii=False).encode()
    write("update", sample["name"], line)
    for bot in range(5):
        if at % 5 == bot:
            write("turn", f"{sample['name']}-{bot}", bytes([100 + bot]) + b">/start\n" + line + b"\n=")
    write("api", sample["name"], b"POST /tg/shop application/json\n" + line)

# What people say in the conversations; which button they press is the fuzzer's to find.
for bot, folder in enumerate(sorted(path for path in (root / "bots").iterdir() if path.is_dir())):
    for chats in sorted(folder.glob("chats/*.yaml")):
        scenes, scene = [], []
        for line in chats.read_text().splitlines():
            if line.startswith("- name:"):
                scenes.append(scene)
                scene = []
            said = re.match(r"\s+- say: (.*)", line)
            if said:
                scene.append(b">" + said[1].strip("\"'").encode())
            if re.match(r"\s+- press: ", line):
                scene.append(b"#" + bytes([random.randrange(4)]))
        for at, scene in enumerate(scenes + [scene]):
            for part in range(0, len(scene), 12):
                lines = scene[part : part + 14]
                write("turn", f"{folder.name}-{chats.stem}-{at}-{part}", bytes([100 + bot]) + b"\n".join(lines))
        forged = [b">/start", b"#\x00", b"%\x00\x00\x00\x01", b"=", b"@1", b"#\x00", b"!w0", b"!/start", b"!/help x=1"]
        write("turn", f"{folder.name}-forged", bytes([100 + bot]) + b"\n".join(forged))

bodies = {
    "PUT /bots/{id}/texts/{locale}": '{"texts":{"greeting":"Hi, { $name } SECRET WORDS"},"author":"me"}',
    "POST /bots/{id}/i18n/keys": '{"locale":"en","keys":{"greeting":"SECRET WORDS"}}',
    "POST /bots/{id}/i18n/locale": '{"locale":"en","user_id":42}',
    "POST /bots/{id}/webhook": '{"set":true}',
    "PUT /bots/{id}/budget/settings": '{"daily_budget_limit":100}',
    "PUT /bots/{id}/llm/settings": '{"llm_enabled":true,"llm_preset":"short"}',
    "POST /bots/{id}/segments/{segment}": '{"add":[1,2],"remove":[3]}',
    "POST /bots/{id}/broadcast": '{"audience":"segment:vip","message":{"text":"<b>SECRET WORDS</b>","parse_mode":"HTML",'
    '"keyboard":[[{"text":"x","callback":"/start"},{"text":"y","url":"https://example.org"}]],'
    '"media":{"type":"photo","file":"https://example.org/x.png"}},"throttle":{"per_sec":5},'
    '"starts_at":"2030-01-01T09:00:00Z","on_ambiguous":"resend"}',
    "POST /bots/{id}/broadcast/preview": '{"audience":"active_7d","message":{"template":"t:greeting",'
    '"variables":{"name":{"recipient":"first_name"},"n":5}}}',
    "POST /preview/send": '{"bot_id":"shop","text":"/start","user_id":5,"chat_id":-7,"locale":"en","admin":true}',
}
queries = {
    "/bots": "limit=2&after=shop",
    "/bots/{id}/graph": "format=mermaid",
    "/bots/{id}/events": "user_id=5&type=command&trace_id=ab&before=9&limit=7",
    "/bots/{id}/events/report": "hours=5",
    "/bots/{id}/budget/stats": "days=30",
    "/bots/{id}/texts": "locale=en&overridden=true&limit=3&after=a",
    "/bots/{id}/data": "confirm=shop",
    "/bots/{id}/broadcasts/{broadcast}/failures": "offset=5",
}
for method, path in re.findall(r"^\| `([A-Z]+) ([^`]+)`", (root / "docs/api-routes.md").read_text(), re.M):
    for bot in ("shop", "booking"):
        filled = path.replace("{id}", bot).replace("{bot_id}", bot).replace("{locale}", "en")
        filled = re.sub(r"\{[a-z]+\}", "1", filled)
        query = "?" + queries[path] if path in queries else ""
        body = bodies.get(f"{method} {path}", "")
        write("api", f"{method}-{path}-{bot}", f"{method} {filled}{query} application/json\n{body}".encode())
write("api", "ftl", b"PUT /bots/shop/texts/en text/plain\ngreeting = Hi { $name }\n    .x = y\n")
