"""The page: how its files are served, and what it does in a real browser, against a stub of the service."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service needs the extra 'service'")
httpx = pytest.importorskip("httpx", reason="the service needs the extra 'service'")

from ner_engine.service.keys import new_key  # noqa: E402
from ner_engine.service.problems import Refusal  # noqa: E402
from ner_engine.spans import Entity  # noqa: E402
from tests.service_parts import site  # noqa: E402
from tests.service_stub import LABELS, Stub, serving  # noqa: E402

STATIC = Path(__file__).resolve().parents[1] / "ner_engine" / "service" / "static"
UTTERANCE = "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자"
ATTACK = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


# ---- the files


@pytest.fixture(scope="module")
def plain() -> Iterator[Any]:
    with serving(Stub().app()) as base, httpx.Client(base_url=base) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
        *((f"/static/{file.name}", None) for file in sorted(STATIC.iterdir())),
    ],
)
def test_a_file_is_loaded_once_and_then_asked_for_by_its_tag(plain, path, kind):
    first = plain.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-type"] == kind or kind is None
    again = plain.get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert plain.get(path, headers={"if-none-match": '"other"'}).content == first.content
    head = plain.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(first.content))


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/../page.py", "/static/%2e%2e/page.py", "/static/none.js", "/static/index.html/x"],
)
def test_nothing_else_is_served(plain, path):
    assert plain.get(path).status_code == 404


def test_the_page_may_load_from_its_own_host_alone(plain):
    rules = dict(
        rule.strip().split(" ", 1) for rule in plain.get("/").headers["content-security-policy"].split(";")
    )
    assert (
        rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
    )
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["img-src"] == "'self' data:"


def test_the_files_hold_nothing_inline_nothing_foreign_and_no_html_made_of_text():
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", html)
    for file in STATIC.iterdir():
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"(?:https?:)?//\w+\.\w", source.replace("http://www.w3.org/2000/svg", "")), (
            file.name
        )
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage", source
        )


# ---- a browser


def _executable() -> str | None:
    named = os.environ.get("NER_ENGINE_TEST_BROWSER")
    return named or next(filter(None, map(shutil.which, _BROWSERS)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = _executable()
    if executable is None:
        pytest.skip("no Chromium found: install one, or name it in NER_ENGINE_TEST_BROWSER")
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def base(stub) -> Iterator[str]:
    with serving(stub.app()) as url:
        yield url


@contextlib.contextmanager
def pages(browser: Any, base: str) -> Iterator[Any]:
    """``open_page(path, **context)``; whatever a page then does, it may ask no other host and break no rule."""
    opened, requested, wrong = [], [], []

    def open_page(path: str = "/", **options: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1000, "height": 800}} | options))
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(8_000)
        context.on("request", lambda request: requested.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(base + path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert requested
    assert [url for url in requested if not url.startswith(base + "/")] == []
    assert [line for line in wrong if not line.startswith("Failed to load resource")] == []


@pytest.fixture
def open_page(browser, base) -> Iterator[Any]:
    with pages(browser, base) as open_page:
        yield open_page


def typed(page: Any, text: str) -> None:
    """Type a text and wait for its answer."""
    page.fill("#text", "")
    page.click("#text")
    page.keyboard.type(text)
    page.wait_for_function(
        "text => document.querySelector('#raw').textContent.includes(JSON.stringify(text).slice(1, -1))", arg=text
    )


def marks(page: Any) -> list[tuple[str, str]]:
    """What is marked, with the label shown beside it."""
    found = page.eval_on_selector_all("#view mark", "all => all.map(m => [m.textContent, m.dataset.label])")
    return [tuple(one) for one in found]


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(40):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def test_typing_shows_entities_with_label_score_and_value(open_page, stub):
    page = open_page()
    typed(page, UTTERANCE)
    assert marks(page) == [
        ("내일", "날짜 DT"), ("저녁 7시", "시간 TI"), ("강남역", "장소 LC"), ("김민수", "사람 PS"),
        ("파스타", "음식 FOOD"),
    ]  # fmt: skip
    drawn = page.evaluate("getComputedStyle(document.querySelector('#view mark'), '::after').content")
    resolved = page.eval_on_selector("#view mark", "m => ({...m.dataset})")
    assert "data-label" in drawn or "날짜 DT" in drawn
    assert resolved == {"label": "날짜 DT", "score": "0.97", "value": "2026-11-22"}
    assert page.text_content("#view") == UTTERANCE
    first = page.locator("#list li").first
    assert first.locator("span, strong").all_text_contents() == [
        "날짜 DT", "내일", "날짜 2026-11-22", "점수 0.97", "0–2",
    ]  # fmt: skip
    assert page.text_content("#extract-status") == "개체 5개를 찾았어요."
    assert page.get_attribute("#extract-status", "role") == "status"
    assert len(stub.asked("/v1/extract")) < len(UTTERANCE) / 2  # not one a key


def test_a_stale_answer_never_shows(open_page, stub):
    slow = stub.find

    def find(text: str) -> list[Entity]:
        time.sleep(1.0 if text == "내일" else 0)
        return slow(text)

    stub.find = find
    page = open_page()
    ended = []
    page.on("requestfailed", lambda request: ended.append(request.post_data_json["text"]))
    page.click("#text")
    page.keyboard.type("내일")
    with page.expect_request("**/v1/extract") as asked:
        pass
    assert asked.value.post_data_json == {"text": "내일", "model": "ko-chat"}
    page.keyboard.type(" 홍대")
    page.wait_for_selector("#view mark:text('홍대')")
    page.wait_for_timeout(1_000)
    assert ended == ["내일"]
    assert [said for said, _ in marks(page)] == ["내일", "홍대"]
    assert page.text_content("#view") == "내일 홍대"


def test_entities_stay_where_the_text_is_edited_around_them(open_page, stub):
    page = open_page()
    typed(page, "강남역에서 김민수 만나")
    stub.find = lambda text: time.sleep(5) or []  # type: ignore[func-returns-value]
    page.keyboard.press("Home")
    page.keyboard.type("😀")
    assert page.text_content("#view") == "😀강남역에서 김민수 만나"
    assert [said for said, _ in marks(page)] == ["강남역", "김민수"]


@pytest.mark.parametrize("path", ["/", "/#chat"])
def test_what_looks_like_html_stays_text(open_page, path):
    page = open_page(path)
    if path == "/":
        typed(page, f"{ATTACK} 강남역")
        assert page.text_content("#view") == f"{ATTACK} 강남역"
        page.dblclick("#view mark")
        page.wait_for_selector("#menu:not([hidden])")
    else:
        page.fill("#message", f"{ATTACK} 강남역")
        page.keyboard.press("Enter")
        reply = page.locator(".bubble.bot .words").nth(1)
        assert reply.text_content() == f"“{ATTACK} 강남역”라고 하셨네요."
        assert page.text_content(".bubble.mine .words") == f"{ATTACK} 강남역"
    page.wait_for_timeout(200)
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "ner-engine 써 보기"


def test_labels_values_and_ids_of_the_service_are_text_too(open_page, stub):
    stub.find = lambda text: [Entity(text, 0, len(text), ATTACK, 0.5)]
    page = open_page()
    typed(page, "강남역")
    page.focus("#view")
    page.keyboard.press("Control+A")
    page.keyboard.press("Enter")
    assert ATTACK in page.text_content("#menu-labels")
    page.keyboard.press("Escape")
    stub.refusals["/v1/extract"] = [Refusal("invalid", ATTACK)]
    page.fill("#text", "다시")
    page.wait_for_selector("#extract-status:has-text('img')")
    assert ATTACK in page.text_content("#extract-status")
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "ner-engine 써 보기"


def test_a_correction_by_keyboard_alone(open_page, stub):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to(page, "#text")
    page.keyboard.type("😀 서연이랑 홍대 가자")
    page.wait_for_selector("#view mark")
    page.wait_for_function("() => document.querySelector('#extract-status').textContent.includes('2개')")
    tab_to(page, "#view")
    page.keyboard.press("Control+Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    assert page.text_content("#menu-title") == "‘홍대’의 라벨을 골라 주세요."
    assert page.text_content(":focus") == "장소 LC"  # what it is now
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert ("홍대", "기관 OG") in marks(page)
    assert page.evaluate("document.activeElement.id") == "view"
    # the caret is at the end of 홍대: back into 서연, which is none
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.text_content("#menu-title") == "‘서연’의 라벨을 골라 주세요."
    tab_to(page, "#menu-remove")
    page.keyboard.press("Enter")
    assert marks(page) == [("홍대", "기관 OG")]
    assert page.text_content("#draft-text") == "고친 내용: ‘홍대’ → 기관 OG, ‘서연’ 사람 PS 지움"
    tab_to(page, "#send")
    page.keyboard.press("Enter")
    page.wait_for_selector("#feedback-status:has-text('저장했어요')")
    assert page.text_content("#feedback-status") == "고마워요! 교정을 저장했어요. (번호 c-5f0a1b2c3d4e)"
    assert stub.asked("/v1/feedback") == [
        {
            "text": "😀 서연이랑 홍대 가자",
            "entities": [{"start": 7, "end": 9, "label": "OG"}],
            "original": [{"start": 2, "end": 4, "label": "PS"}, {"start": 7, "end": 9, "label": "LC"}],
            "model": "ko-chat",
        }
    ]
    assert page.is_hidden("#draft")


def test_the_view_takes_no_edit(open_page):
    page = open_page()
    typed(page, UTTERANCE)
    page.focus("#view")
    page.keyboard.type("abc")
    page.keyboard.insert_text("한글")
    for key in ("Backspace", "Delete", "Control+A", "Control+X", "Control+V", "Control+B"):
        page.keyboard.press(key)
    assert page.text_content("#view") == UTTERANCE
    assert len(marks(page)) == 5


def test_a_correction_by_mouse_and_its_undoing(open_page, stub):
    page = open_page()
    typed(page, "하늘이 만나")
    assert marks(page) == []
    assert page.is_visible("#nothing")
    box = page.evaluate(
        """() => { const range = document.createRange(); const node = document.querySelector('#view').firstChild;
        range.setStart(node, 0); range.setEnd(node, 2); const b = range.getBoundingClientRect();
        return [b.left, b.right, (b.top + b.bottom) / 2]; }"""
    )
    page.mouse.move(box[0] + 1, box[2])
    page.mouse.down()
    page.mouse.move(box[1] - 1, box[2], steps=5)
    page.mouse.up()
    page.click("#menu-labels button:text('사람 PS')")
    assert marks(page) == [("하늘", "사람 PS")]
    page.click("#list li button")
    page.click("#menu-labels button:text('음식 FOOD')")
    assert marks(page) == [("하늘", "음식 FOOD")]
    page.click("#undo")
    assert marks(page) == []
    assert page.is_hidden("#draft")
    assert stub.asked("/v1/feedback") == []


def test_a_correction_by_touch_on_a_phone(open_page, stub):
    page = open_page(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page.locator("#text-examples button").first.tap()
    page.wait_for_selector("#view mark:text('강남역')")
    page.locator("#view mark:text('강남역')").tap()
    page.wait_for_selector("#menu:not([hidden])")
    mark = page.locator("#view mark:text('강남역')").bounding_box()
    menu = page.locator("#menu").bounding_box()
    assert mark["y"] + mark["height"] <= menu["y"]  # the menu is not over what it is about
    assert (menu["x"], menu["width"]) == (0, 360)
    page.locator("#menu-labels button:text('기관 OG')").tap()
    page.locator("#send").tap()
    page.wait_for_selector("#feedback-status:has-text('저장했어요')")
    (sent,) = stub.asked("/v1/feedback")
    assert {"start": 10, "end": 13, "label": "OG"} in sent["entities"]


def test_a_correction_that_is_not_taken_is_kept(open_page, stub):
    stub.refusals["/v1/feedback"] = [Refusal("off")]
    page = open_page()
    typed(page, "강남역")
    page.click("#list li button")
    page.click("#menu-remove")
    page.click("#send")
    page.wait_for_selector("#feedback-status:has-text('못했어요')")
    assert page.text_content("#feedback-status") == "교정을 보내지 못했어요. 서버에서 이 기능을 꺼 두었어요."
    assert page.text_content("#draft-text") == "고친 내용: ‘강남역’ 장소 LC 지움"
    page.click("#send")
    page.wait_for_selector("#feedback-status:has-text('저장했어요')")


def test_offsets_of_emoji_and_of_decomposed_text(open_page, stub):
    family, nfd = "👨‍👩‍👧", unicodedata.normalize("NFD", "강남역")
    text = f"{family}🍝 {nfd} 𠮷집"

    def find(given: str) -> list[Entity]:
        words = [(nfd, "LC"), ("𠮷집", "OG"), (family, "PS")]
        found = [Entity(word, given.index(word), given.index(word) + len(word), label) for word, label in words]
        return sorted(found, key=lambda e: e.start)

    stub.find = lambda given: find(given) if given == text else []
    page = open_page()
    page.fill("#text", text)
    page.wait_for_selector("#view mark")
    assert [said for said, _ in marks(page)] == [family, nfd, "𠮷집"]
    wheres = page.locator("#list .where").all_text_contents()
    assert wheres == [f"{e.start}–{e.end}" for e in find(text)]
    page.focus("#view")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")  # over the family, a grapheme of five code points
    page.keyboard.press("Shift+ArrowRight")  # 🍝
    page.keyboard.press("Enter")
    page.click("#menu-labels button:text('음식 FOOD')")
    page.click("text=이 문장을 학습에 써도 돼요")
    page.check("#mask")
    page.click("#send")
    page.wait_for_selector("#feedback-status:has-text('저장했어요')")
    (sent,) = stub.asked("/v1/feedback")
    assert (sent["consent"], sent["mask"]) == (True, True)
    assert sent["text"] == text
    assert [(text[e["start"] : e["end"]], e["label"]) for e in sent["entities"]] == [
        (family, "PS"), ("🍝", "FOOD"), (nfd, "LC"), ("𠮷집", "OG"),
    ]  # fmt: skip


def test_a_selection_is_widened_to_what_people_see_as_one_letter(open_page):
    page = open_page()
    text = "e\u0301 " + unicodedata.normalize("NFD", "각") + " 👨‍👩‍👧 x"
    cases = [(0, 1, 0, 2), (1, 3, 0, 2), (4, 5, 3, 6), (7, 9, 7, 15), (2, 3, 3, 3)]
    for start, end, first, last in cases:
        got = page.evaluate(
            "async ([t, a, b]) => (await import('/static/offsets.js')).tidied(t, a, b)", [text, start, end]
        )
        assert got == [first, last], (start, end)


def test_code_points_and_units_agree_with_python(open_page):
    page = open_page()
    for text in ("", "a", "강남역", "😀a😀", "\ud800a", unicodedata.normalize("NFD", "한글 🍝"), "𠮷" * 5 + "x"):
        written = text.encode("utf-16-le", "surrogatepass")
        units = [len(text[:i].encode("utf-16-le", "surrogatepass")) // 2 for i in range(len(text) + 1)]
        at, back = page.evaluate(
            """async units => { const {codePoints, toPoint} = await import('/static/offsets.js');
            const text = String.fromCharCode(...units); const at = codePoints(text);
            return [at, at.map(unit => toPoint(unit, at))]; }""",
            [int.from_bytes(written[i : i + 2], "little") for i in range(0, len(written), 2)],
        )
        assert at == units
        assert back == list(range(len(text) + 1))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        ({"kind": "date", "value": "2026-11-22", "grain": "day"}, "2026-11-22"),
        ({"kind": "date", "value": "2026-11-27/2026-11-30"}, "2026-11-27 ~ 2026-11-30"),
        ({"kind": "moment", "value": "2026-11-27T19:30+09:00"}, "2026-11-27 19:30"),
        ({"kind": "time", "value": "18:00/21:00"}, "18:00 ~ 21:00"),
        ({"kind": "duration", "value": "P1Y6MT1H30M"}, "1년 6개월 1시간 30분"),
        ({"kind": "money", "value": 30000, "currency": "KRW", "upper": 40000}, "30,000~40,000원"),
        ({"kind": "money", "value": 12.5, "currency": "USD"}, "12.5 USD"),
        ({"kind": "quantity", "value": 2, "unit": "인분", "approximate": True}, "약 2 인분"),
        ({"kind": "ordinal", "value": 3}, "3번째"),
        ({"kind": "phone", "value": "+821012345678"}, "+821012345678"),
        ({"kind": "later"}, '{"kind":"later"}'),
    ],
)
def test_how_values_are_said(open_page, value, said):
    page = open_page()
    assert page.evaluate("async v => (await import('/static/labels.js')).meaning(v)", value) == said


def test_a_score_is_cut_not_rounded(open_page):
    page = open_page()
    said = page.evaluate(
        "async all => { const {share} = await import('/static/labels.js'); return all.map(share); }",
        [0, 0.29, 0.354, 0.97, 0.9996, 1],
    )
    assert said == ["0.00", "0.29", "0.35", "0.97", "0.99", "1.00"]


@pytest.mark.parametrize("width", [320, 375, 768])
def test_nothing_scrolls_sideways(open_page, width):
    page = open_page(viewport={"width": width, "height": 640})

    def too_wide() -> int:
        return page.evaluate(
            """() => Math.max(...[...document.querySelectorAll(':root, #log, #view, #list li, .bubble')]
            .filter(e => e.checkVisibility()).map(e => e.scrollWidth - e.clientWidth))"""
        )

    typed(page, f"{UTTERANCE} {'가' * 100} {'x' * 200} 😀")
    assert too_wide() == 0
    page.click("#list li button")
    assert too_wide() == 0
    page.click("#menu-labels button:last-child")
    page.click("details summary")
    assert too_wide() == 0
    page.click("#tab-chat")
    page.fill("#message", UTTERANCE + "x" * 200)
    page.keyboard.press("Enter")
    page.wait_for_selector(".bubble.bot >> nth=1")
    assert too_wide() == 0


def test_the_tabs_by_keyboard_and_by_address(open_page):
    page = open_page()
    tab_to(page, "#tab-extract")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-chat"
    assert (page.is_visible("#panel-chat"), page.is_visible("#panel-extract")) == (True, False)
    assert page.get_attribute("#tab-extract", "tabindex") == "-1"
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-extract", "aria-selected") == "true"
    page.keyboard.press("End")
    assert page.url.endswith("#chat")
    page.reload()
    assert page.is_visible("#panel-chat")


def test_a_focus_is_always_visible(open_page):
    page = open_page()
    typed(page, UTTERANCE)
    page.focus(".skip")
    seen = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        name, style, width = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return [e.id || e.textContent, s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
        )
        if page.evaluate("document.activeElement === document.body"):
            break
        seen.add(name)
        assert style != "none", name
        assert width >= 2, name
    assert {"tab-extract", "text", "view"} <= seen
    assert page.eval_on_selector_all("button", "all => all.every(b => b.textContent.trim())")


def luminance(colour: str) -> float:
    channels = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_in_light_and_dark(open_page, stub, scheme):
    labels = [*LABELS, "DUR", "ANOTHER", "X1", "X2", "X3"]
    stub.find = lambda text: [
        Entity(c, i, i + 1, labels[i % len(labels)]) for i, c in enumerate(text[: len(labels)])
    ]
    page = open_page(color_scheme=scheme)
    typed(page, "가나다라마바사아자차카타파하")
    page.click("#list li button")
    page.click("#menu-remove")
    page.click("#list li button")
    pairs = page.evaluate(
        """() => { const out = [];
        const solid = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
          if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
        for (const e of document.querySelectorAll('body *')) {
          if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
          out.push([e.tagName + '#' + e.id + '.' + e.className, getComputedStyle(e).color, solid(e)]);
          if (e.matches('mark'))
            out.push(['::after ' + e.className, getComputedStyle(e, '::after').color, solid(e)]);
        } return out; }"""
    )
    assert len(pairs) > 40
    assert len({pair[2] for pair in pairs}) > 6
    for what, ink, paper in pairs:
        bright, dim = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (what, ink, paper)
    page_colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(page_colour) > 0.5) == (scheme == "light")


def test_less_motion_where_it_is_asked_for(open_page):
    moving = (
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    )
    assert open_page().evaluate(moving) > 0
    assert open_page(reduced_motion="reduce").evaluate(moving) == 0


def test_a_key_is_asked_for_and_kept_in_the_tab_alone(open_page, stub):
    stub.key = "ner_secret"
    page = open_page()
    page.wait_for_selector("#key-form:not([hidden])")
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#key-title:has-text('맞지 않는 키예요')")
    page.fill("#key", "ner_secret")
    page.click("#key-form button")
    page.wait_for_selector("#key-form", state="hidden")
    typed(page, "강남역")
    assert marks(page) == [("강남역", "장소 LC")]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert "ner_secret" in page.evaluate("Object.values(sessionStorage)")
    assert "ner_secret" not in page.content()


def test_too_many_requests_are_waited_for(open_page, stub):
    stub.refusals["/v1/extract"] = [Refusal("rate", headers={"Retry-After": "1"})]
    page = open_page()
    page.fill("#text", "강남역")
    page.wait_for_selector("#extract-status:has-text('1초 뒤에')")
    page.wait_for_selector("#view mark:text('강남역')")
    assert len(stub.asked("/v1/extract")) == 2


def test_several_models_can_be_chosen_from(open_page, stub):
    stub.models = ("ko-chat", "ko-news")
    page = open_page()
    typed(page, "강남역")
    page.select_option("#model", "ko-news")
    page.wait_for_function("() => document.querySelector('#extract-status').textContent")
    page.wait_for_timeout(400)
    assert [body["model"] for body in stub.asked("/v1/extract")][-1] == "ko-news"


def test_a_chat(open_page, stub):
    page = open_page("/#chat")
    page.wait_for_selector(".bubble.bot")
    page.fill("#message", "😀 내일 홍대요")
    page.keyboard.press("Enter")
    page.wait_for_selector(".bubble.bot >> nth=1")
    said = page.eval_on_selector_all(".bubble.mine mark", "all => all.map(m => [m.textContent, m.dataset.label])")
    assert said == [["내일", "날짜 DT"], ["홍대", "장소 LC"]]
    assert "underline" in page.eval_on_selector(
        ".bubble.mine mark", "m => parseFloat(getComputedStyle(m).borderBottomWidth) >= 2 ? 'underline' : ''"
    )
    assert page.get_attribute("#log", "role") == "log"
    assert page.text_content(".bubble.mine") == "나: 😀 내일 홍대요"
    page.click("#chat-examples button >> nth=1")
    page.wait_for_selector(".bubble.bot >> nth=2")
    first, second, third = stub.asked("/v1/chat")
    assert first.keys() == {"session"}
    assert re.fullmatch("[0-9a-f]{32}", first["session"])
    assert first["session"] == second["session"] == third["session"]
    assert second["message_id"] != third["message_id"]
    page.reload()
    page.wait_for_selector(".bubble.bot")
    assert stub.asked("/v1/chat")[-1]["session"] == first["session"]
    page.click("#new-chat")
    page.wait_for_function("() => document.querySelectorAll('.bubble').length === 1")
    page.wait_for_timeout(100)
    assert stub.asked("/v1/chat")[-1]["session"] != first["session"]
    assert page.evaluate("document.activeElement.id") == "message"


def test_a_message_that_did_not_arrive_is_sent_again_under_its_id(open_page, stub):
    page = open_page("/#chat")
    page.wait_for_selector(".bubble.bot")
    stub.refusals["/v1/chat"] = [Refusal("busy", headers={"Retry-After": "1"})]
    page.fill("#message", "내일이요")
    page.keyboard.press("Enter")
    page.wait_for_selector(".retry")
    assert page.text_content("#chat-status") == "지금 요청이 많이 몰렸어요."
    page.click(".retry")
    page.wait_for_selector(".bubble.bot >> nth=1")
    assert page.locator(".bubble.mine").count() == 1
    assert page.locator(".retry").count() == 0
    first, second = stub.asked("/v1/chat")[-2:]
    assert first == second


def test_a_service_that_is_gone_is_said(open_page, base):
    page = open_page()
    page.context.set_offline(True)
    page.fill("#text", "강남역")
    page.wait_for_selector("#extract-status:has-text('연결하지 못했어요')")
    page.context.set_offline(False)
    page.fill("#text", "강남역이요")
    page.wait_for_selector("#view mark")


# ---- with the service itself


def test_with_the_service_itself(browser, tmp_path):
    keys = tmp_path / "keys.jsonl"
    key, _ = new_key(keys, name="page", scopes=["extract", "feedback"])
    whole = site(tmp_path, keys=str(keys))
    with serving(whole.app) as base, pages(browser, base) as open_page:
        page = open_page()
        page.wait_for_selector("#key-form:not([hidden])")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        typed(page, f"😀 {UTTERANCE} {ATTACK}")
        assert len(marks(page)) == 5
        page.click("#list li:has-text('강남역') button")
        page.click("#menu-labels button:text('기관 OG')")
        page.click("#send")
        page.wait_for_selector("#feedback-status:has-text('저장했어요')")
        (line,) = (tmp_path / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
        kept = json.loads(line)
        assert kept["text"] == f"😀 {UTTERANCE} {ATTACK}"
        assert kept["id"] in page.text_content("#feedback-status")
        said = [(kept["text"][e["start"] : e["end"]], e["label"]) for e in kept["entities"]]
        assert ("강남역", "OG") in said
        assert ("김민수", "PS") in said
        page.click("#tab-chat")
        page.wait_for_selector(".bubble.bot:has-text('어서 오세요!')")
        page.fill("#message", f"내일 홍대 {ATTACK}")
        page.keyboard.press("Enter")
        page.wait_for_selector(".bubble.bot >> nth=1")
        assert page.text_content(".bubble.bot >> nth=1") == f"챗봇: 내일 홍대 {ATTACK}, 맞으시죠?"
        assert page.locator(".bubble.mine mark").all_text_contents() == ["내일", "홍대"]
        assert page.locator("main img, main script").count() == 0
        assert page.title() == "ner-engine 써 보기"
        page.fill("#text", "x") if page.is_visible("#text") else page.click("#tab-extract")
        page.fill("#text", "가" * 6_000)
        page.wait_for_selector("#extract-status:has-text('너무 길어요')")


def test_the_documentation_is_drawn_from_the_service_alone(browser, tmp_path):
    with serving(site(tmp_path).app) as base, pages(browser, base) as open_page:
        page = open_page("/docs", viewport={"width": 320, "height": 640})
        page.wait_for_selector(".operation")
        titles = page.locator(".operation h2").all_text_contents()
        for wanted in (
            "POST /v1/extract",
            "POST /v1/chat",
            "POST /v1/feedback",
            "POST /kakao/skill",
            "GET /healthz",
        ):
            assert wanted in titles
        extract = page.locator("#post-v1-extract")
        assert "강남역" in extract.locator("textarea").input_value()
        extract.locator(".attempt button").click()
        page.wait_for_selector(".attempt pre:not([hidden])")
        assert '"label": "LC"' in extract.locator(".attempt pre").text_content()
        extract.locator("textarea").fill('{"text": "a\\u0000"}')
        extract.locator(".attempt button").click()
        page.wait_for_selector(".attempt .status:has-text('NUL')")
        extract.locator("textarea").fill("{")
        extract.locator(".attempt button").click()
        page.wait_for_selector(".attempt .status:has-text('JSON이 아니에요')")
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.locator(".operation li:has-text('429')").count() >= 5
