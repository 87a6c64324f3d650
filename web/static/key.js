"use strict";
// The API key: kept for this browser tab only, sent as a header, never a part of an address.

const apiKey = (() => {
  const NAME = "is0k.key";
  const MAKE_ONE = "`is0k key create --name me`";
  const form = document.getElementById("key-form");
  const field = document.getElementById("key");
  const forget = document.getElementById("forget-key");
  const state = document.getElementById("key-state");
  let listener = () => {};

  const stored = () => sessionStorage.getItem(NAME) ?? "";

  // What stands between backticks is something to type.
  function say(mood, text) {
    const typed = (part) => Object.assign(document.createElement("code"), { textContent: part });
    state.dataset.mood = mood;
    state.replaceChildren(...text.split("`").map((part, index) => (index % 2 ? typed(part) : part)));
  }

  function set(key) {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
    show();
    listener(key);
  }

  function show() {
    field.value = stored();
    forget.hidden = !stored();
    if (stored()) say("", "Not tried yet.");
    else say("", `No key yet: ${MAKE_ONE} makes one.`);
  }

  // What an answer says about the key, in words; the programs of these pages only show the answer.
  function judge({ status, code, message, retryAfter }) {
    const reason = message ? ` ${message.replaceAll("`", "'").replace(/\.?$/, ".")}` : "";
    if (!status) say("bad", "is0k does not answer. Is it running?");
    else if (status === 401) say("bad", `The key is refused.${reason} ${MAKE_ONE} makes a new one.`);
    else if (status === 429) say("bad", `Too many requests with this key. Try again in ${retryAfter || "some"} seconds.`);
    else if (status === 403 && code === "PLAN_UPGRADE_REQUIRED") say("bad", `The key is good, the plan is not.${reason}`);
    else if (status >= 500) say("bad", `is0k has a problem of its own.${reason}`);
    else if (stored()) say("good", "The key is accepted.");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set(field.value.trim());
  });
  forget.addEventListener("click", () => {
    set("");
    field.focus();
  });
  show();
  return {
    get value() {
      return stored();
    },
    set onChange(called) {
      listener = called;
    },
    judge,
  };
})();
