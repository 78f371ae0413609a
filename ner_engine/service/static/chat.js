// The tab that talks: messages and replies as bubbles, under a session that lives as long as the browser's tab.

import { Refused, memory, randomId, request } from "./api.js";
import { element, paint } from "./labels.js";
import { codePoints, toUnits } from "./offsets.js";

const SESSION = "ner-engine.session";
const EXAMPLES = ["안녕하세요", "내일 저녁 7시에 두 명 예약하고 싶어요", "메뉴 알려 주세요", "영업시간이 어떻게 돼요?"];

const $ = (id) => document.getElementById(id);

/** Get the tab ready; what it returns is to be called when it is first looked at. */
export function startChat() {
  const log = $("log");
  const input = $("message");
  let conversation = new AbortController(); // aborted when another one begins
  let turns = Promise.resolve(); // a message waits for the answer to the one before it

  function session() {
    if (!memory.get(SESSION)) memory.set(SESSION, randomId());
    return memory.get(SESSION);
  }

  /** Send a message, or with null ask for the greeting; `bubble` is that of a message sent again. */
  function say(message, id = randomId(), bubble = null) {
    const { signal } = conversation;
    bubble?.querySelector(".retry")?.remove();
    bubble?.classList.remove("failed");
    if (message !== null) bubble ??= add("나", message, "mine");
    $("chat-status").textContent = "답을 기다리고 있어요…";
    turns = turns.then(() => exchange(message, id, bubble, signal));
  }

  async function exchange(message, id, bubble, signal) {
    if (signal.aborted) return;
    try {
      const body = { session: session(), ...(message === null ? {} : { message, message_id: id }) };
      const answer = await request("/v1/chat", { body, signal });
      if (signal.aborted) return;
      const entities = answer.entities.map(({ start, end, label }) => ({ start, end, label }));
      if (bubble) paint(bubble.querySelector(".words"), message, toUnits(entities, codePoints(message)));
      add("챗봇", answer.reply, "bot", bubble);
      $("chat-raw").textContent = JSON.stringify(answer, null, 2);
      $("chat-details").hidden = false;
      offer(answer.quick_replies?.length ? answer.quick_replies : EXAMPLES);
      $("chat-status").textContent = "";
    } catch (error) {
      if (signal.aborted) return;
      $("chat-status").textContent = error instanceof Refused ? error.message : "알 수 없는 문제가 생겼어요.";
      if (bubble) retry(bubble, message, id);
      else greeted = false;
    }
  }

  /** A bubble: the user's last of all, the bot's after that of the message it answers, or before all others. */
  function add(who, words, className, answered = null) {
    const bubble = element("div", { className: `bubble ${className}` });
    const said = element("span", { text: words, className: "words" });
    bubble.append(element("span", { text: `${who}: `, className: "unseen" }), said);
    if (className === "mine") log.append(bubble);
    else if (answered) answered.after(bubble);
    else log.prepend(bubble);
    log.scrollTop = log.scrollHeight;
    return bubble;
  }

  function retry(bubble, message, id) {
    bubble.classList.add("failed");
    const button = element("button", { text: "다시 보내기", type: "button", className: "retry" });
    button.addEventListener("click", () => {
      input.focus();
      say(message, id, bubble);
    });
    bubble.append(button);
  }

  function offer(words) {
    $("chat-examples").replaceChildren(
      ...words.map((example) => {
        const button = element("button", { text: example, type: "button" });
        button.addEventListener("click", () => {
          input.focus({ preventScroll: true });
          say(example);
        });
        return button;
      }),
    );
  }

  $("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const message = input.value.trim();
    if (!message) return;
    input.value = "";
    say(message);
  });
  $("new-chat").addEventListener("click", () => {
    conversation.abort();
    conversation = new AbortController();
    turns = Promise.resolve();
    memory.set(SESSION, randomId());
    log.replaceChildren();
    $("chat-details").hidden = true;
    offer(EXAMPLES);
    input.focus();
    say(null);
  });
  offer(EXAMPLES);

  let greeted = false;
  return () => {
    if (greeted) return;
    greeted = true;
    say(null);
  };
}
