// Requests to the service this page came from: JSON in, JSON out, problems as errors that can be shown.

const KEY = "ner-engine.key";
const TIMEOUT_MS = 15_000;

/** sessionStorage, or a map where the browser allows none. */
export const memory = (() => {
  try {
    sessionStorage.setItem("ner-engine.probe", "");
    sessionStorage.removeItem("ner-engine.probe");
    return {
      get: (key) => sessionStorage.getItem(key),
      set: (key, value) => sessionStorage.setItem(key, value),
      drop: (key) => sessionStorage.removeItem(key),
    };
  } catch {
    const kept = new Map();
    return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value), drop: (key) => kept.delete(key) };
  }
})();

/** What the service refused, or why it was not reached; `message` is for people. */
export class Refused extends Error {
  constructor(message, { status = 0, waitS = 0 } = {}) {
    super(message);
    this.status = status;
    this.waitS = waitS;
  }
}

/** 32 hexadecimal digits nobody can guess. */
export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

let askForKey = async () => false;

/** `ask(wrong)` is called where the service wants a key: it resolves to true once `useKey` was given one. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

export function useKey(key) {
  memory.set(KEY, key);
}

/** The answer of the service. Raises Refused, or an AbortError where `signal` says so. */
export async function request(path, { body, signal } = {}) {
  for (;;) {
    const sentKey = memory.get(KEY);
    const response = await send(path, body, signal, sentKey);
    if (response.status === 401) {
      if (memory.get(KEY) === sentKey) {
        memory.drop(KEY);
        if (!(await askForKey(sentKey !== null))) throw new Refused("API 키가 필요해요.", { status: 401 });
      }
      signal?.throwIfAborted();
      continue;
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    throw new Refused(explained(response, answer), {
      status: response.status,
      waitS: Math.min(Number(response.headers.get("retry-after")) || 0, 60),
    });
  }
}

async function send(path, body, signal, key) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers.authorization = `Bearer ${key}`;
  try {
    return await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error.name === "TimeoutError") throw new Refused("응답이 너무 오래 걸려요. 잠시 뒤에 다시 해 주세요.");
    throw new Refused("서버에 연결하지 못했어요. 인터넷 연결을 확인해 주세요.");
  }
}

const REASONS = {
  "key-scope": "이 키로는 쓸 수 없는 기능이에요.",
  origin: "다른 곳에서 온 요청이라 받지 않았어요.",
  off: "서버에서 이 기능을 꺼 두었어요.",
  "model-unknown": "서버에 없는 모델이에요.",
  "body-too-large": "글이 너무 길어요. 조금 줄여 주세요.",
  "text-too-long": "글이 너무 길어요. 조금 줄여 주세요.",
  rate: "요청이 많아서 잠시 쉬고 있어요.",
  busy: "지금 요청이 많이 몰렸어요.",
  "slow-body": "보내는 데 너무 오래 걸렸어요. 다시 해 주세요.",
  "slow-answer": "응답이 너무 오래 걸려요. 잠시 뒤에 다시 해 주세요.",
  "not-ready": "서버가 준비하고 있어요. 잠시 뒤에 다시 해 주세요.",
  failed: "서버에 문제가 생겼어요. 잠시 뒤에 다시 해 주세요.",
};

/** What a problem means to people; where that is not known, what the service says of it. */
function explained(response, problem) {
  const kind = String(problem?.type ?? "").split(":").at(-1);
  if (Object.hasOwn(REASONS, kind)) return REASONS[kind];
  const detail = problem?.detail || problem?.title || response.status;
  return `요청을 처리하지 못했어요. (${detail})`;
}
