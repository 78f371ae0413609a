// The form for an API key, on every page that asks the service for something.

import { onKeyWanted, useKey } from "./api.js";

const $ = (id) => document.getElementById(id);

/** Show the form as long as somebody waits for a key. */
export function startKeyForm() {
  const form = $("key-form");
  let waiting = null; // {promise, resolve}

  onKeyWanted((wrong) => {
    if (wrong) $("key-title").textContent = "맞지 않는 키예요. 다시 넣어 주세요";
    if (!waiting) {
      waiting = Promise.withResolvers ? Promise.withResolvers() : deferred();
      form.hidden = false;
      $("key").focus();
    }
    return waiting.promise;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = $("key").value.trim();
    if (!key) return;
    useKey(key);
    $("key").value = "";
    $("key-title").textContent = "API 키를 넣어 주세요";
    form.hidden = true;
    waiting?.resolve(true);
    waiting = null;
  });
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
