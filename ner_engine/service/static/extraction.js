// The tab that extracts: a text as it is typed in, its entities drawn, corrected and sent back.

import { Refused, request } from "./api.js";
import { element, hue, kindOf, meaning, named, paint, share } from "./labels.js";
import { carried, codePoints, tidied, toPoint, toUnits } from "./offsets.js";

const DEBOUNCE_MS = 200;
const EXAMPLES = [
  "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자",
  "다음 주 금요일 오후 세 시 반에 네 명 예약할게요",
  "서울대병원에 전화해서 이수진 선생님 진료 시간 알려 줘",
];

const $ = (id) => document.getElementById(id);

export function startExtraction() {
  const text = $("text");
  const view = $("view");
  let shown = ""; // the text that is drawn
  let found = []; // what the service found in it, with UTF-16 offsets beside those in code points
  let draft = null; // the same as somebody corrected it
  let answered = false; // whether found belongs to shown
  let labels = [];
  let running = null; // the AbortController of the request on its way
  let timer = 0;

  // ---- extracting

  function changed() {
    const now = text.value;
    if (draft) say("feedback-status", "문장이 바뀌어서 고친 내용은 지웠어요.");
    draft = null;
    found = carried(found, shown, now);
    shown = now;
    answered = false;
    closeMenu();
    draw();
    running?.abort();
    clearTimeout(timer);
    timer = setTimeout(extract, DEBOUNCE_MS);
  }

  async function extract() {
    const asked = text.value;
    if (!asked.trim()) {
      found = [];
      answered = true;
      draw();
      return say("extract-status", "");
    }
    running?.abort();
    const mine = (running = new AbortController());
    view.setAttribute("aria-busy", "true");
    try {
      const body = { text: asked, ...chosenModel() };
      const answer = await request("/v1/extract", { body, signal: mine.signal });
      if (mine.signal.aborted || text.value !== asked) return;
      found = toUnits(answer.results[0].entities, codePoints(asked));
      answered = true;
      draft = null;
      draw();
      $("raw").textContent = JSON.stringify(answer, null, 2);
      say("extract-status", found.length ? `개체 ${found.length}개를 찾았어요.` : "찾은 개체가 없어요.");
    } catch (error) {
      if (mine.signal.aborted) return;
      found = [];
      draw();
      const again = error.status === 429 ? Math.max(1, error.waitS) : 0;
      say("extract-status", shortly(error) + (again ? ` ${again}초 뒤에 다시 해 볼게요.` : ""));
      if (again) timer = setTimeout(extract, again * 1000);
    } finally {
      if (running === mine) view.removeAttribute("aria-busy");
    }
  }

  // ---- drawing

  function draw() {
    const spans = draft ?? found;
    $("result").hidden = !shown.trim();
    paint(view, shown, spans);
    const at = codePoints(shown);
    $("list").replaceChildren(...[...spans].sort((a, b) => a.from - b.from).map((span) => listed(span, at)));
    $("nothing").hidden = spans.length > 0 || !answered;
    $("draft").hidden = draft === null;
    if (draft) $("draft-text").textContent = `고친 내용: ${differences().join(", ")}`;
  }

  function listed(span, at) {
    const item = element("li");
    const said = shown.slice(span.from, span.to);
    const kind = kindOf(span.value);
    const meant = meaning(span.value);
    const button = element("button", { text: "고치기", type: "button", "aria-label": `${said} 고치기` });
    button.addEventListener("click", () => openMenu(span.from, span.to, { from: button }));
    item.append(
      element("span", { text: named(span.label), className: `chip ${hue(span.label)}` }),
      element("strong", { text: said, className: "said" }),
      element("span", { text: meant && (kind ? `${kind} ${meant}` : meant), className: "meant" }),
      element("span", { text: span.mine ? "직접 고침" : `점수 ${share(span.score)}`, className: "score" }),
      element("span", { text: `${toPoint(span.from, at)}–${toPoint(span.to, at)}`, className: "where" }),
      button,
    );
    return item;
  }

  function differences() {
    const added = draft.filter((span) => span.mine).map((span) => `‘${shown.slice(span.from, span.to)}’ → ${named(span.label)}`);
    const gone = found
      .filter((old) => !draft.some((span) => span.from === old.from && span.to === old.to))
      .map((old) => `‘${shown.slice(old.from, old.to)}’ ${named(old.label)} 지움`);
    return [...added, ...gone];
  }

  // ---- choosing what to correct

  let target = null; // {from, to, opener} the menu is open for

  function selected() {
    const selection = document.getSelection();
    if (!selection.rangeCount || !view.contains(selection.anchorNode) || !view.contains(selection.focusNode)) return null;
    const range = selection.getRangeAt(0);
    const before = document.createRange();
    before.selectNodeContents(view);
    before.setEnd(range.startContainer, range.startOffset);
    const from = before.toString().length;
    return [from, from + range.toString().length];
  }

  function select(from, to) {
    const range = document.createRange();
    range.setStart(...place(from));
    range.setEnd(...place(to));
    const selection = document.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return range;
  }

  /** The node and offset of a UTF-16 index of the text drawn. */
  function place(index) {
    const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
    let left = index;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left <= node.length) return [node, left];
      left -= node.length;
    }
    return [view, view.childNodes.length];
  }

  const around = (from, to) => (draft ?? found).filter((span) => span.from < to && from < span.to);

  function openMenu(from, to, { from: opener = null, focus = true } = {}) {
    [from, to] = tidied(shown, from, to);
    if (from === to || !answered) return closeMenu();
    target = { from, to, opener };
    const there = around(from, to);
    const exact = there.find((span) => span.from === from && span.to === to);
    $("menu-title").textContent = `‘${shown.slice(from, to)}’의 라벨을 골라 주세요.`;
    $("menu-labels").replaceChildren(
      ...choices().map((label) => {
        const button = element("button", { text: named(label), type: "button", className: `chip ${hue(label)}` });
        button.setAttribute("aria-pressed", String(exact?.label === label));
        button.addEventListener("click", () => correct(label));
        return button;
      }),
    );
    $("menu-remove").hidden = there.length === 0;
    const menu = $("menu");
    menu.hidden = false;
    const range = document.createRange();
    range.setStart(...place(from));
    range.setEnd(...place(to));
    const box = range.getBoundingClientRect();
    const frame = view.parentElement.getBoundingClientRect();
    const left = Math.min(box.left - frame.left, frame.width - menu.offsetWidth);
    menu.style.setProperty("--left", `${Math.max(0, left)}px`);
    menu.style.setProperty("--top", `${box.bottom - frame.top + 6}px`);
    if (getComputedStyle(menu).position === "fixed") {
      const below = box.bottom + 16 - menu.getBoundingClientRect().top;
      if (below > 0 || box.top < 0) window.scrollBy(0, below); // what it is about is to be seen above the menu
    }
    if (focus) (menu.querySelector("[aria-pressed=true]") ?? menu.querySelector("button")).focus();
  }

  function choices() {
    return [...new Set([...labels, ...found.map((span) => span.label)])];
  }

  function closeMenu({ back = false } = {}) {
    const opener = target?.opener;
    $("menu").hidden = true;
    target = null;
    if (back) (opener?.isConnected ? opener : view).focus();
  }

  /** Give the stretch the menu is open for a label; with null, take away what is labelled there. */
  function correct(label) {
    const { from, to } = target;
    const rest = (draft ?? found).filter((span) => !(span.from < to && from < span.to));
    const known = found.find((span) => span.from === from && span.to === to && span.label === label);
    draft = label === null ? rest : [...rest, known ?? { from, to, label, mine: true }];
    draft.sort((a, b) => a.from - b.from);
    if (draft.length === found.length && draft.every((span) => found.includes(span))) draft = null;
    say("feedback-status", draft ? "고쳤어요. 확인한 뒤에 교정으로 보내 주세요." : "원래대로 돌려놓았어요.");
    closeMenu();
    draw();
    view.focus({ preventScroll: true });
    select(to, to);
  }

  // ---- sending the correction

  async function send() {
    const at = codePoints(shown);
    const points = (spans) =>
      spans.map((span) => ({ start: toPoint(span.from, at), end: toPoint(span.to, at), label: span.label }));
    const body = { text: shown, entities: points(draft), original: points(found), ...chosenModel() };
    for (const choice of ["consent", "mask"]) if ($(choice).checked) body[choice] = true;
    const sent = draft;
    $("send").disabled = true;
    say("feedback-status", "보내고 있어요…");
    try {
      const answer = await request("/v1/feedback", { body });
      if (draft === sent) {
        found = sent;
        draft = null;
        draw();
        view.focus({ preventScroll: true });
      }
      const instead = answer.supersedes ? " 같은 문장의 지난 교정을 대신해요." : "";
      say("feedback-status", `고마워요! 교정을 저장했어요. (번호 ${answer.id})${instead}`);
    } catch (error) {
      say("feedback-status", `교정을 보내지 못했어요. ${shortly(error)}`);
    } finally {
      $("send").disabled = false;
    }
  }

  // ---- the models there are

  const chosenModel = () => ($("model").value ? { model: $("model").value } : {});

  async function learnModels() {
    const { models } = await request("/v1/models");
    const options = models.map((model) => {
      const option = element("option", { text: model.name, value: model.name });
      option.selected = model.default;
      return option;
    });
    $("model").replaceChildren(...options);
    $("model-field").hidden = models.length < 2;
    const learn = () => (labels = models.find((model) => model.name === $("model").value)?.labels ?? []);
    $("model").addEventListener("change", () => (learn(), changed()));
    learn();
  }

  async function learnLabels() {
    labels = (await request("/v1/labels")).labels;
  }

  // ---- what people do

  text.addEventListener("input", changed);
  for (const example of EXAMPLES) {
    const button = element("button", { text: example, type: "button" });
    button.addEventListener("click", () => {
      text.value = example;
      changed();
    });
    $("text-examples").append(button);
  }

  // The view can be edited, so that there is a caret and a selection wherever people have them, and refuses every edit.
  for (const kind of ["beforeinput", "paste", "cut", "drop", "dragstart"]) {
    view.addEventListener(kind, (event) => kind !== "beforeinput" || event.cancelable ? event.preventDefault() : undefined);
  }
  for (const kind of ["input", "compositionend"]) view.addEventListener(kind, () => view.textContent === shown || draw());
  view.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") closeMenu();
    if (event.key !== "Enter" && event.key !== "ContextMenu") return;
    event.preventDefault();
    const [from, to] = selected() ?? [0, 0];
    const [under] = from === to ? around(from - 1, to + 1).slice(-1) : [];
    if (under) openMenu(under.from, under.to);
    else openMenu(from, to);
  });
  view.addEventListener("click", (event) => {
    const [from, to] = selected() ?? [0, 0];
    const mark = event.target.closest("mark");
    if (from !== to || !mark) return;
    const [under] = around(from - 1, to + 1).filter((span) => shown.slice(span.from, span.to) === mark.textContent);
    if (under) openMenu(under.from, under.to, { focus: false });
  });
  let settled = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(settled);
    settled = setTimeout(() => {
      if (document.activeElement !== view) return;
      const [from, to] = selected() ?? [0, 0];
      if (from !== to) openMenu(from, to, { focus: false });
      else if (target && !around(from - 1, to + 1).some((span) => span.from === target.from)) closeMenu();
    }, 150);
  });
  $("menu").addEventListener("keydown", (event) => {
    if (event.key === "Escape") return closeMenu({ back: true });
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...$("menu").querySelectorAll("button:not([hidden])")];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  });
  $("menu-remove").addEventListener("click", () => correct(null));
  $("menu-close").addEventListener("click", () => closeMenu({ back: true }));
  $("send").addEventListener("click", send);
  $("undo").addEventListener("click", () => {
    draft = null;
    draw();
    say("feedback-status", "고친 내용을 되돌렸어요.");
    view.focus({ preventScroll: true });
  });

  learnModels().catch(learnLabels).catch(() => {});
  if (text.value) changed(); // what the browser kept over a reload
}

function shortly(error) {
  return error instanceof Refused ? error.message : "알 수 없는 문제가 생겼어요.";
}

function say(place, words) {
  document.getElementById(place).textContent = words;
}
