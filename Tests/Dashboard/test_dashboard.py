"""Uses the dashboard of a real node in a real browser.

Usage: test_dashboard.py   (THEATER names the binary; else that of the debug build)
       test_dashboard.py --screenshots FOLDER   makes pictures in three widths and both themes instead
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request

from browser import Browser
from stage import SECRET, Stage

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><b>bold</b>"
HOSTILE = MARKUP + "\x1b[31mred\x1b[0m \u202egnp.exe\u2066 \u200bzero \x07 \u2028line ${7*7} javascript:alert(3)"


def main() -> None:
    stage = Stage()
    try:
        browser = Browser()
        try:
            if sys.argv[1:2] == ["--screenshots"]:
                take_pictures(stage, browser, sys.argv[2])
            else:
                for test in (pages_are_guarded, token_is_asked_for, tree_lives, actor_is_shown, actor_answers,
                             chain_scrubs, states_begin_anywhere, chains_are_listed, followers_are_shown,
                             hostile_texts_stay_inert, keys_suffice, secrets_stay_out, denials_are_shown,
                             long_chains_are_read_in_parts, all_payloads_are_read, a_phone_shows_all):
                    test(stage, browser)
                    print(f"dashboard: {test.__name__} passed")
                check(browser.complaints == [], f"the browser complains: {browser.complaints}")
                other = [each for each in browser.refused
                         if " 401 " not in each and "/call?" not in each and "/send" not in each]
                check(other == [], f"the node refused the page: {other}")
                elsewhere = [url for url in browser.asked if not url.startswith((stage.address, "about:"))]
                check(elsewhere == [], f"the page asked elsewhere: {elsewhere}")
        finally:
            browser.end()
    finally:
        stage.end()


def check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)


def text_of(selector: str) -> str:
    return f"(document.querySelector({json.dumps(selector)})?.innerText ?? '')"


def pages_are_guarded(stage: Stage, browser: Browser) -> None:
    with urllib.request.urlopen(stage.address + "/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        check("default-src 'self'" in policy and "unsafe" not in policy, f"the policy is {policy}")
        check(answer.headers["X-Content-Type-Options"] == "nosniff", "types may be guessed")
        check(answer.headers["Referrer-Policy"] == "no-referrer", "addresses are passed on")
    for headers, method, status in [
        ({"Host": "evil.example"}, "GET", 403), ({"Sec-Fetch-Site": "cross-site"}, "GET", 403), ({}, "POST", 405),
    ]:
        request = urllib.request.Request(stage.address + "/", headers=headers, method=method)
        try:
            urllib.request.urlopen(request).close()
            found = 200
        except urllib.error.HTTPError as error:
            found = error.code
            error.close()
        check(found == status, f"{method} with {headers} got {found} instead of {status}")


def token_is_asked_for(stage: Stage, browser: Browser) -> None:
    browser.go(stage.address + "/")
    browser.until("document.activeElement?.id === 'token'", "the token's field")
    browser.type(stage.token)
    browser.press("Enter", 13)
    browser.until("document.querySelector('#token') === null", "the end of the question")
    browser.until(text_of("main") + ".includes('No actor lives')", "the tree without actors")
    check(browser.run("document.cookie") == "", "there is a cookie")
    check(browser.run("JSON.stringify(localStorage)").find(stage.token) < 0, "the token is kept for longer")


def tree_lives(stage: Stage, browser: Browser) -> None:
    stage.first = stage.start("first")
    browser.until(text_of("tbody") + ".includes('first')", "an actor that has started")
    browser.until(text_of("tbody") + ".includes('running')", "its status")
    asked = len(browser.asked)
    second = stage.start("second")
    browser.until("document.querySelectorAll('tbody tr').length === 2", "a second actor")
    browser.until(text_of("tbody") + ".includes('MiB') || " + text_of("tbody") + ".includes('KiB')", "its memory")
    stage.ask(f"/v1/actors/{second}/stop", b"", method="POST")
    browser.until("document.querySelectorAll('tbody tr').length === 1", "the end of the second actor")
    # It was told all that, and asked for nothing but the line at the top.
    again = [url for url in browser.asked[asked:] if not url.endswith("/v1/node")]
    check(again == [], f"the tree was asked for again: {again}")


def actor_is_shown(stage: Stage, browser: Browser) -> None:
    browser.run("document.querySelector('tbody a').click()")
    browser.until(text_of("h1") + " === 'first'", "the actor's page")
    browser.until("document.querySelector('.events .event') && " + text_of(".events") + ".includes('spawned')", "its events")
    stage.greet(stage.first, "Ada")
    browser.until(text_of(".logs") + ".includes('greeting Ada')", "the log of a live event")
    browser.until(text_of("pre[aria-label=State]") + ".includes('count: 1')", "the state")
    # The state is asked for by itself, and may be there before the event.
    returned = "[...document.querySelectorAll('.event')].find(e => e.innerText.includes('returned') && e.innerText.includes('Ada'))"
    browser.until(returned, "the event of the answer")
    browser.run(f"{returned}.open = true")
    browser.until("[...document.querySelectorAll('.event dd')].some(d => d.innerText.includes('Hello, Ada! You are number 1.'))",
                  "a decoded payload")
    browser.run("document.querySelector('#verify').click()")
    head = browser.until("document.querySelector('.verify code')?.title", "the head that was computed")
    events = stage.ask(f"/v1/actors/{stage.first}/events")["events"]
    check(head == events[-1]["hash"], "the computed head is not the chain's")


def actor_answers(stage: Stage, browser: Browser) -> None:
    browser.until("document.querySelector('#function').options.length > 0", "the functions")
    browser.run("(() => { const f = document.querySelector('#function');"
                "f.value = [...f.options].find(o => o.value.endsWith('greet')).value;"
                "f.dispatchEvent(new Event('change')); document.querySelector('#body').focus(); })()")
    browser.type('["Grace"]')
    browser.run("document.querySelector('.talk button').click()")
    browser.until(text_of(".answer") + ".includes('Hello, Grace! You are number 2.')", "the answer")
    browser.run("document.querySelector('#body').value = '[\"\"]'; document.querySelector('.talk button').click()")
    browser.until(text_of(".answer") + ".includes('whom shall I greet?')", "the refusal")
    browser.run("(() => { const w = document.querySelector('#way'); w.value = 'send';"
                "w.dispatchEvent(new Event('change')); document.querySelector('#body').value = 'hi';"
                "document.querySelector('.talk button').click(); })()")
    browser.until("!" + text_of(".answer") + ".includes('whom')", "what became of the message")


def chain_scrubs(stage: Stage, browser: Browser) -> None:
    browser.go(f"{stage.address}/#/actor/{stage.first}/timeline")
    browser.until("document.querySelector('#scrub')", "the timeline")
    browser.until(text_of("#state") + ".includes('count: 2')", "the state at the end")
    browser.run("document.querySelector('[aria-label=\"First event\"]').click()")
    browser.until(text_of("main") + ".includes('spawned')", "the first event")
    states = []
    for _ in range(3):
        browser.run("document.querySelector('[aria-label=\"Next change of the state\"]').click()")
        states.append(browser.run(text_of("#state")))
    check(["count: 0" in states[0], "count: 1" in states[1], "count: 2" in states[2]] == [True] * 3, f"the states are {states}")
    lines = browser.run("[...document.querySelectorAll('#diff div')].map(d => d.className + d.innerText).join('|')")
    check("removed" in lines and "added" in lines and "count: 2" in lines, f"the change is shown as {lines}")
    browser.run("(() => { const s = document.querySelector('#scrub'); s.value = 0; s.dispatchEvent(new Event('input')); })()")
    browser.until("!" + text_of("#state") + ".includes('count: 2')", "the state at the beginning")
    browser.run("document.querySelector('#scrub').focus()")
    browser.press("End", 35)
    browser.until(text_of("#state") + ".includes('count: 2')", "the end by its key")


def states_begin_anywhere(stage: Stage, browser: Browser) -> None:
    events = stage.ask(f"/v1/actors/{stage.first}/events")["events"]
    begin = next(index for index, event in enumerate(events) if index > 3 and event["type"] == "theater.runtime/called")
    whole, part = json.loads(browser.run(
        f"(events => import('/dashboard/chain.js').then(({{ States }}) => {{ const read = (list) => {{"
        "const states = new States(); return list.map((event) => states.take(event)); };"
        f"return JSON.stringify([read(events), read(events.slice({begin}))]); }}))({json.dumps(events)})"))
    check(part[0] is None, f"the state in the middle of the chain is known as {part[0]}")
    check(part[-1] == whole[-1] is not None, f"the state at the end is {part[-1]}, not {whole[-1]}")
    check(all(state in (None, whole[begin + index]) for index, state in enumerate(part)), f"{part} is not the end of {whole}")


def chains_are_listed(stage: Stage, browser: Browser) -> None:
    browser.go(f"{stage.address}/#/chains")
    browser.until("document.querySelector('#name') && document.querySelectorAll('tbody tr').length === 2", "the chains")
    names = browser.run("[...document.querySelectorAll('tbody tr')].map(row => row.cells[0].innerText).join()")
    check(names == "second,first", f"the chains are {names}")
    browser.run("document.querySelector('#name').focus()")
    browser.type("second")
    browser.press("Enter", 13)
    browser.until("document.querySelectorAll('tbody tr').length === 1", "the chain of a name")
    browser.run("[...document.querySelectorAll('tbody a')].find(a => a.innerText === 'Timeline').click()")
    browser.until("document.querySelector('#scrub')", "the timeline of an actor that is over")
    shown = browser.run(text_of("main"))
    check("Timeline of second" in shown and "exited" in shown, f"the timeline has {shown!r}")


def followers_are_shown(stage: Stage, browser: Browser) -> None:
    browser.go(f"{stage.address}/#/followers")
    browser.until(text_of("main") + ".includes('There are none.')", "that nobody follows")
    request = urllib.request.Request(
        f"{stage.address}/v1/actors/{stage.first}/events/stream", headers={"Authorization": "Bearer " + stage.token})
    with urllib.request.urlopen(request, timeout=30):
        browser.until(text_of("tbody") + ".includes('events')", "a follower")
        check("browser" in browser.run(text_of("tbody")), "nobody knows whose it is")
    browser.until(text_of("main") + ".includes('There are none.')", "the end of the follower")


def hostile_texts_stay_inert(stage: Stage, browser: Browser) -> None:
    hostile = stage.start(MARKUP)
    browser.go(f"{stage.address}/#/")
    browser.until(text_of("tbody") + ".includes('onerror')", "the hostile name")
    browser.go(f"{stage.address}/#/actor/{hostile}")
    browser.until(text_of("h1") + ".includes('<script>')", "the hostile name as text")
    browser.until(text_of(".events") + ".includes('spawned')", "the events")
    stage.greet(hostile, HOSTILE)
    browser.until(text_of(".logs") + ".includes('onerror')", "the hostile log")
    shown = browser.run(text_of(".logs"))
    for words in ("\\u{1b}[31m", "\\u{202e}", "\\u{2066}", "\\u{200b}", "\\u{7}", "\\u{2028}"):
        check(words in shown, f"{words} is not made visible in {shown!r}")
    browser.run("document.querySelectorAll('.event').forEach(e => { e.open = true; })")
    browser.until("document.querySelectorAll('.event dl').length > 3", "the decoded payloads")
    inert(browser)
    browser.go(f"{stage.address}/#/actor/{hostile}/timeline")
    browser.until("document.querySelector('#scrub')", "the hostile timeline")
    inert(browser)


def inert(browser: Browser) -> None:
    made = browser.run("document.querySelectorAll('main img, main script, main b, main iframe, main style, main [onerror]').length")
    check(made == 0, "a text became elements")
    acting = browser.run("/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069]/"
                         ".test(document.body.innerText + document.title)")
    check(not acting, "a character acts")


def keys_suffice(stage: Stage, browser: Browser) -> None:
    browser.go(f"{stage.address}/#/")
    browser.until("document.querySelectorAll('tbody a').length === 2", "the tree")
    browser.run("document.activeElement.blur()")
    for _ in range(20):
        browser.press("Tab", 9)
        if browser.run("document.activeElement.matches('tbody a')"):
            break
    browser.press("Enter", 13)
    browser.until("location.hash.startsWith('#/actor/')", "an actor's page by keys")
    before = browser.run("document.documentElement.dataset.theme")
    browser.run("document.querySelector('#theme').click()")
    check(browser.run("document.documentElement.dataset.theme") != before, "the theme stays")


def secrets_stay_out(stage: Stage, browser: Browser) -> None:
    module = stage.make("porter", """\
record state { asked: u32 }
imports {
    theater:simple/runtime { log: func(msg: string) }
    theater:simple/environment { get-var: func(name: string) -> option<string> }
}
exports {
    theater:simple/actor { init: func(state: value) -> result<state, string> }
    porter:porter/porter {
        ask: func(state: state, name: string) -> result<tuple<state, u32>, string>
        knock: func(state: state, times: u32) -> result<tuple<state, u32>, string>
    }
}
""", """\
import TheaterGuest

enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> State { State(asked: 0) }

    static func ask(_ state: inout State, name: String) throws(Failure) -> UInt32 {
        state.asked += 1
        return UInt32(Environment.getVar(name)?.utf8.count ?? 0)
    }

    static func knock(_ state: inout State, times: UInt32) throws(Failure) -> UInt32 {
        state.asked += 1
        for _ in 0..<times { Runtime.log("knock") }
        return state.asked
    }
}
""")
    manifest = ('name = "porter"\npackage = "build/porter.wasm"\n'
                '[[handler]]\ntype = "runtime"\n'
                '[[handler]]\ntype = "environment"\nallowed_vars = ["DOOR_KEY"]\n'
                '[limits]\ncall_timeout = "1m"\nfuel_per_call = 1000000000000\n')
    porter = stage.porter = stage.start("porter", manifest, module)
    browser.go(f"{stage.address}/#/actor/{porter}")
    browser.until(text_of(".events") + ".includes('spawned')", "the porter's events")
    told = stage.call(porter, "ask", "DOOR_KEY")
    check(told["text"] == f"{len(SECRET)}u32", f"the actor was told {told}")
    stage.call(porter, "ask", HOSTILE)
    browser.until(text_of(".events") + ".includes('denied')", "the denial")
    line = ("[...document.querySelectorAll('.event')].find(e => e.querySelector('summary').innerText.includes('get-var')"
            " && e.innerText.includes('DOOR_KEY')")
    said = browser.run(line + ").innerText")
    check("(redacted" in said, f"the line is {said!r}")
    browser.run("document.querySelectorAll('.event').forEach(e => { e.open = true; })")
    facts = browser.until(line + " && e.querySelector('dl'))?.querySelector('dl').innerText", "the facts of the call")
    check('some("<secret>")' in facts and "redacted" in facts, f"the facts are {facts!r}")
    browser.until("[...document.querySelectorAll('.event dl')].some(e => e.innerText.includes('onerror=alert(1)'))", "the hostile name")
    inert(browser)
    check(browser.run("document.querySelectorAll('main secret').length") == 0, "the stand-in became an element")
    check(not browser.run("document.documentElement.outerHTML.includes('hush')"), "the secret is in the page")
    browser.go(f"{stage.address}/#/actor/{porter}/timeline")
    browser.until("document.querySelector('#scrub')", "the porter's timeline")
    inert(browser)
    check(not browser.run("document.documentElement.outerHTML.includes('hush')"), "the secret is in the timeline")


def denials_are_shown(stage: Stage, browser: Browser) -> None:
    browser.go(f"{stage.address}/#/denials")
    browser.until(text_of("tbody") + ".includes('porter')", "what the porter was refused")
    check("100,000 events" in browser.run(text_of("main")), "nobody knows what the list covers")
    inert(browser)
    stage.call(stage.porter, "ask", "NEXT_DOOR")
    browser.until("document.querySelectorAll('tbody tr').length === 2", "another denial")
    browser.until("document.querySelector('tbody tr').innerText.includes('NEXT_DOOR')", "the newest one first")


def long_chains_are_read_in_parts(stage: Stage, browser: Browser) -> None:
    """Of a chain of more than 20,000 events a part is shown, and a page that is slower than the events says what it passed over."""
    browser.go(f"{stage.address}/#/actor/{stage.porter}")
    browser.until(text_of(".events") + ".includes('spawned')", "the porter's events")
    # The page paints every three seconds, and each time the list is looked at.
    browser.run("""(() => {
        window.framed = requestAnimationFrame;
        window.requestAnimationFrame = (work) => setTimeout(work, 3000);
        window.gaps = 0;
        window.holes = [];
        const list = document.querySelector('.events');
        new MutationObserver(() => {
            let wanted = null;
            for (const row of list.children) {
                const gap = row.innerText.match(/^([\\d,]+) events from (\\d+) on/);
                const first = Number(gap ? gap[2] : row.querySelector('.sequence').innerText);
                const last = gap ? first + Number(gap[1].replaceAll(',', '')) - 1 : first;
                if (gap) window.gaps += 1;
                if (wanted !== null && last !== wanted) window.holes.push(`${last} is where ${wanted} should be`);
                wanted = first - 1;
            }
        }).observe(list, { childList: true });
    })()""")
    length = 0
    while length <= 21_000:
        stage.call(stage.porter, "knock", 2000)
        length = stage.ask(f"/v1/chains/{stage.porter}")["count"]
    browser.until("window.gaps > 0", "what the page passed over")
    holes = browser.run("window.holes.join()")
    check(holes == "", f"the list has holes: {holes}")
    browser.run("window.requestAnimationFrame = window.framed; true")
    browser.go(f"{stage.address}/#/actor/{stage.porter}/timeline/100")
    browser.until(text_of("output") + f" === '100 of {length - 1}'", "an event near the beginning")
    check("Earlier part" not in browser.run(text_of("main")), "there is something before the beginning")
    browser.until("[...document.querySelectorAll('.part button')].find(b => b.innerText === 'Later part')", "the way on")
    browser.run("document.querySelector('.part button').click()")
    browser.until(text_of("output") + f" === '20000 of {length - 1}'", "the later part")
    shown = browser.run(text_of("main"))
    check("Earlier part" in shown and "is not known until" in shown, f"the later part has {shown[:400]!r}")
    browser.go(f"{stage.address}/#/actor/{stage.porter}/timeline")
    browser.until(text_of("output") + f" === '{length - 1} of {length - 1}'", "the end of a long chain")


def all_payloads_are_read(stage: Stage, browser: Browser) -> None:
    """Reads a payload of each tag that no actor of this test leaves, made up byte by byte as JournalFormat.md has them."""
    def text(words: str) -> bytes:
        return bytes([len(words.encode())]) + words.encode()

    digest, body = bytes(32), text("<b>hi</b>")
    identity = "00010203-0405-4607-8809-0a0b0c0d0e0f"
    one = bytes.fromhex(identity.replace("-", ""))
    made = {
        15: (b"\x02\x00\x01\x03\x05\x01\x00\x00\x00\x02\x00" + one, "durable", {"restart": "permanent", "shutdown": "within 5 ns",
             "starts_with_last_state": "yes", "granted_to": identity}),
        16: (b"\x07", "taken", {"mail": "7"}),
        17: (b"\x00\x01\x09", "resumed", {"snapshot": "9"}),
        18: (one, "inbox", {"actor": identity}),
        19: (b"\x02\x01" + one + b"\x00" + text("ch_1") + body, "mail",
             {"kind": "message on a channel", "sender": identity, "channel": "ch_1", "body": 'b"<b>hi</b>"'}),
        20: (b"\x03" + text("late"), "mail dropped", {"mail": "3", "reason": "late"}),
        21: (b"", "restarting", {}),
        24: (b"\x04" + digest * 3 + b"\x00" + text("it failed"), "upgrade", {"stage": "undone", "reason": "it failed"}),
        25: (body + body, "host", {"redacted": "true", "output": 'b"<b>hi</b>"'}),
        26: (b"\x05" + body, "outcome", {"intent": "5", "redacted": "true", "output": 'b"<b>hi</b>"'}),
    }
    browser.go(f"{stage.address}/#/")
    for tag, (fields, kind, wanted) in made.items():
        payload = base64.b64encode(bytes([1, tag]) + fields).decode()
        event = {"payload": payload, "type": "theater:x/y/z", "sequence": 1, "time": "", "hash": ""}
        found = json.loads(browser.run(
            f"import('/dashboard/chain.js').then(chain => {{ const found = chain.facts({json.dumps(event)});"
            f"return JSON.stringify([found.kind, chain.summary({json.dumps(event)}), Object.fromEntries("
            "Object.entries(found.facts).map(([name, fact]) => [name, chain.factText(fact)]))]); })"))
        check(found[0] == kind, f"tag {tag} is {found}")
        check(all(found[2].get(name) == fact for name, fact in wanted.items()), f"tag {tag} has {found}, not {wanted}")
        if tag >= 25:
            check("(redacted" in found[1], f"the line of tag {tag} is {found[1]!r}")


def a_phone_shows_all(stage: Stage, browser: Browser) -> None:
    browser.command("Emulation.setDeviceMetricsOverride", width=360, height=760, deviceScaleFactor=1, mobile=False)
    for view in ("", "chains", "letters", "denials", "followers"):
        browser.go(f"{stage.address}/#/{view}")
        browser.until(f"document.querySelector('nav a[aria-current]') && {text_of('main')}.length > 10", f"the view {view}")
        check(browser.run("document.documentElement.scrollWidth <= innerWidth"), f"'{view}' is wider than a phone")


def take_pictures(stage: Stage, browser: Browser, folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    actor = stage.start("greeter")
    stage.start("archive")
    stage.start("a-rather-long-name-for-an-actor-that-somebody-chose")
    for name in ("Ada", "Grace", "Barbara", "Radia"):
        stage.greet(actor, name)
    browser.go(stage.address + "/")
    browser.until("document.readyState === 'complete'", "the page")
    browser.run(f"sessionStorage.setItem('theater.token', {json.dumps(stage.token)})")
    views = {
        "tree": ("#/", "document.querySelectorAll('tbody tr').length === 3 && " + text_of("tbody") + ".includes('iB')"),
        "actor": (f"#/actor/{actor}", "document.querySelectorAll('.event').length > 8 && document.querySelector('.chart') && "
                  + text_of(".logs") + ".includes('Radia')"),
        "timeline": (f"#/actor/{actor}/timeline/10", "document.querySelector('#scrub')"),
        "letters": ("#/letters", text_of("main") + ".length > 40"),
    }
    for theme in ("light", "dark"):
        for width, height in ((360, 760), (820, 1000), (1440, 900)):
            browser.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                            deviceScaleFactor=1, mobile=False)
            browser.run(f"localStorage.setItem('theater.theme', '{theme}')")
            for view, (hash_, ready) in views.items():
                browser.go("about:blank")
                browser.until("location.href === 'about:blank'", "an empty page")
                browser.go(f"{stage.address}/{hash_}")
                browser.until(ready, f"the view {view}")
                check(browser.run("document.documentElement.scrollWidth <= innerWidth"),
                      f"{view} is wider than {width} pixels")
                picture = browser.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
                with open(os.path.join(folder, f"{view}-{width}-{theme}.png"), "wb") as file:
                    file.write(base64.b64decode(picture["data"]))
    print(f"dashboard: pictures are in {folder}")


if __name__ == "__main__":
    main()
