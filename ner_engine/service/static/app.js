// The page: two tabs, and a form for a key where the service wants one.

import { startChat } from "./chat.js";
import { startExtraction } from "./extraction.js";
import { startKeyForm } from "./key.js";

const $ = (id) => document.getElementById(id);

function startTabs(onShow) {
  const tabs = [...document.querySelectorAll("[role=tab]")];

  function show(chosen, { focus = false } = {}) {
    for (const tab of tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = !on;
    }
    if (focus) chosen.focus();
    history.replaceState(null, "", `#${chosen.id.replace("tab-", "")}`);
    onShow(chosen.id);
  }

  for (const [i, tab] of tabs.entries()) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const to = { ArrowRight: i === last ? 0 : i + 1, ArrowLeft: i === 0 ? last : i - 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(tabs[to], { focus: true });
    });
  }
  show(tabs.find((tab) => `#${tab.id.replace("tab-", "")}` === location.hash) ?? tabs[0]);
}

startKeyForm();
startExtraction();
const greet = startChat();
startTabs((id) => {
  if (id === "tab-chat") greet();
});
