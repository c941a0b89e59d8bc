/* The desk in the browser: keeps pages live, keeps drafts, knows the keys. Everything else is done by the server and works without this file. */
"use strict";
(() => {
  const body = document.body;
  const base = body.dataset.base;
  const talk = document.querySelector("[data-conversation]");
  const conversation = talk ? talk.dataset.conversation : "";
  const byId = (id) => document.getElementById(id);
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // --- what the page asks by itself does not keep a log-in alive ---------------------------------------------------------
  let byItself = 0;
  document.addEventListener("htmx:configRequest", (event) => {
    const trigger = event.detail.triggeringEvent;
    if (byItself || (trigger && trigger.type === "refresh")) event.detail.headers["X-Desk-Background"] = "1";
  });
  const inUse = (part) => part.querySelector("details.menu[open]") || (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
  const refresh = (kind) => document.querySelectorAll(`[data-live="${kind}"]`).forEach((part) => {
    if (inUse(part)) part.dataset.late = "1"; // it is fetched when they are done
    else htmx.trigger(part, "refresh");
  });
  document.addEventListener("htmx:beforeSwap", (event) => { // a menu that was opened while the answer was on its way stays open
    const part = event.detail.target;
    if (!part.matches("[data-live]") || event.detail.elt !== part || !inUse(part)) return;
    event.detail.shouldSwap = false;
    part.dataset.late = "1";
  });
  const soon = (() => {
    const waiting = {};
    return (kind, delay) => {
      if (waiting[kind]) return;
      waiting[kind] = setTimeout(() => { delete waiting[kind]; refresh(kind); }, delay);
    };
  })();

  // --- live: one stream for all tabs of this browser ---------------------------------------------------------------------
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("madoguchi-desk") : null;
  const live = byId("live");
  const hear = (name, data) => {
    if (name === "hello") { if (live) live.textContent = body.dataset.online; everything(); }
    else if (name === "lost") { if (live) live.textContent = body.dataset.offline; }
    else if (name === "bye") location.assign(`${base}/login`);
    else if (name === "desk") happened(data);
  };
  const tell = (name, data) => { hear(name, data); if (channel) channel.postMessage({ name, data }); };
  const connect = () => new Promise(() => {
    let tries = 0;
    const open = () => {
      const source = new EventSource(`${base}/stream`);
      source.addEventListener("hello", () => { tries = 0; tell("hello"); });
      source.addEventListener("desk", (event) => tell("desk", JSON.parse(event.data)));
      source.addEventListener("bye", () => { source.close(); tell("bye"); });
      source.onerror = () => {
        source.close();
        tell("lost");
        setTimeout(open, Math.min(30000, 1000 * 2 ** Math.min(tries++, 5)) * (0.5 + Math.random()));
      };
      addEventListener("pagehide", () => source.close(), { once: true });
    };
    open();
  });
  if (body.dataset.account) {
    if (channel) channel.onmessage = (event) => hear(event.data.name, event.data.data);
    if (navigator.locks && channel) navigator.locks.request("madoguchi-desk-stream", connect);
    else connect();
    setInterval(() => { soon("queue", 0); if (conversation) soon("head", 0); }, 30000); // the waiting times go on
  }

  const everything = () => { soon("queue", 0); if (conversation) { soon("head", 0); soon("side", 0); fetchMessages(); } };
  const happened = (event) => {
    if (["message", "state", "update", "erased", "rating"].includes(event.kind)) soon("queue", 400);
    if (!conversation || event.conversation !== conversation) return;
    if (event.kind === "message") fetchMessages();
    if (event.kind === "message" && event.data.author === "person") personTyping(false);
    if (event.kind === "update" || event.kind === "feedback") refetch(event);
    if (event.kind === "state") { soon("head", 50); soon("side", 50); }
    if (["note", "rating", "inquiry"].includes(event.kind)) soon("side", 100);
    if (event.kind === "presence" && event.data.coordinator !== body.dataset.account) beat();
    if (event.kind === "typing" && event.data.author === "person") personTyping(event.data.on);
    if (event.kind === "erased") location.assign(`${base}/`);
  };

  // --- queue -------------------------------------------------------------------------------------------------------------
  const title = document.title;
  let waiting = null;
  const countWaiting = () => {
    const mark = document.querySelector("[data-waiting]");
    if (!mark) return;
    const now = Number(mark.dataset.waiting);
    document.title = now ? `(${now}) ${title}` : title;
    const news = byId("queue-news");
    if (news && waiting !== null && now > waiting) news.textContent = news.dataset.text.replace("{count}", now);
    waiting = now;
  };
  countWaiting();
  document.querySelectorAll("[data-filters]").forEach((form) => form.addEventListener("change", (event) => { if (event.target.matches("select, [type=radio]")) form.requestSubmit(); }));

  // --- messages ----------------------------------------------------------------------------------------------------------
  const list = byId("messages");
  const view = byId("transcript");
  const lastSeq = () => Math.max(0, ...Array.from(list.querySelectorAll("[data-seq]"), (one) => Number(one.dataset.seq)));
  const atEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < 120;
  const toEnd = () => { view.scrollTop = view.scrollHeight; };
  const get = async (address) => {
    const answer = await fetch(base + address, { headers: { "HX-Request": "true", "X-Desk-Background": "1" }, credentials: "same-origin" });
    if (answer.status === 401) { location.assign(`${base}/login`); return ""; }
    return answer.ok ? answer.text() : "";
  };
  let fetching = false, again = false;
  const fetchMessages = async () => {
    if (!list) return;
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      do {
        again = false;
        const after = lastSeq(), stay = atEnd(), before = list.children.length;
        const seen = document.visibilityState === "visible" ? 1 : 0;
        const html = await get(`/c/${conversation}/messages?after=${after}&seen=${seen}`);
        if (html && lastSeq() === after) {
          list.insertAdjacentHTML("beforeend", html);
          htmx.process(list);
          if (list.children.length > before) {
            if (stay) toEnd();
            const news = byId("message-news");
            const last = list.lastElementChild;
            news.textContent = "";
            if (!last.matches(".from-coordinator")) setTimeout(() => { news.textContent = `${news.dataset.text}: ${last.querySelector(".bubble").textContent.trim()}`; }, 50);
          }
        }
      } while (again);
    } finally { fetching = false; }
  };
  const refetch = async (event) => {
    const reading = event.data.seen !== undefined; // the person has read up to a number: all before it change
    const own = Array.from(list.querySelectorAll(".from-coordinator[data-seq]"), (one) => Number(one.dataset.seq));
    const numbers = reading ? own.filter((seq) => seq <= event.data.seen).slice(-5) : [event.seq];
    for (const seq of numbers) {
      const old = seq && byId(`m-${seq}`);
      if (!old) continue;
      const html = await get(`/c/${conversation}/messages?after=${seq - 1}&upto=${seq}`);
      const holder = document.createElement("template");
      holder.innerHTML = html;
      if (holder.content.firstElementChild) old.replaceWith(holder.content);
    }
  };
  let typingTimer = 0;
  const personTyping = (on) => {
    const mark = byId("person-typing");
    clearTimeout(typingTimer);
    const stay = atEnd();
    mark.hidden = !on;
    if (on) { if (stay) toEnd(); typingTimer = setTimeout(() => { mark.hidden = true; }, 6000); }
  };
  if (view) {
    toEnd();
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { fetchMessages(); get(`/c/${conversation}/messages?after=${Math.max(0, lastSeq() - 1)}&seen=1`); } });
  }

  // --- who else is here --------------------------------------------------------------------------------------------------
  let typing = false, beating = false, used = Date.now();
  ["pointerdown", "keydown"].forEach((name) => addEventListener(name, () => { used = Date.now(); }, { passive: true }));
  const beat = async () => {
    if (!conversation || beating || document.visibilityState !== "visible") return;
    beating = true;
    const headers = { "X-CSRF-Token": JSON.parse(body.getAttribute("hx-headers"))["X-CSRF-Token"], "HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded" };
    if (Date.now() - used > 60000) headers["X-Desk-Background"] = "1";
    try {
      const answer = await fetch(`${base}/c/${conversation}/presence`, { method: "POST", headers, body: `typing=${typing ? 1 : 0}`, credentials: "same-origin" });
      const text = answer.ok ? await answer.text() : "";
      const place = byId("viewers");
      if (answer.ok && place.innerHTML.trim() !== text.trim()) place.innerHTML = text;
    } catch { /* the next beat comes */ } finally { beating = false; }
  };
  if (conversation) { beat(); setInterval(beat, 20000); }

  // --- composer ----------------------------------------------------------------------------------------------------------
  const composer = byId("composer");
  if (composer) {
    const text = byId("text"), epoch = composer.elements.epoch, client = composer.elements.client_id, counter = byId("counter"), problem = byId("composer-problem");
    const key = `madoguchi-desk-draft-${body.dataset.account}-${conversation}`;
    const max = Number(composer.dataset.max);
    const length = () => composer.dataset.unit === "bytes" ? new TextEncoder().encode(text.value).length : composer.dataset.unit === "utf16" ? text.value.length : Array.from(text.value).length;
    const count = () => {
      const left = max - length();
      counter.textContent = left < Math.max(200, max / 5) ? (left < 0 ? composer.dataset.over.replace("{count}", -left) : composer.dataset.left.replace("{count}", left)) : "";
      counter.classList.toggle("over", left < 0);
      text.setCustomValidity(left < 0 ? counter.textContent : "");
    };
    const keep = () => {
      try {
        if (text.value) localStorage.setItem(key, JSON.stringify({ text: text.value, epoch: epoch.value, client: client.value, at: Date.now() }));
        else localStorage.removeItem(key);
      } catch { /* private mode: the draft lives as long as the page */ }
    };
    const restore = () => {
      try {
        const kept = JSON.parse(localStorage.getItem(key) || "null");
        if (!kept || Date.now() - kept.at > 7 * 86400000) { localStorage.removeItem(key); return; }
        if (composer.dataset.redraft !== "1") text.value = kept.text;
        client.value = kept.client; // if it did go out before the reload, the same id keeps it from going out twice
        if (kept.epoch !== epoch.value) changed();
      } catch { localStorage.removeItem(key); }
    };
    const show = (message, className, button) => {
      problem.replaceChildren();
      if (!message) return;
      const line = document.createElement("p");
      line.className = className; line.textContent = message; line.setAttribute("role", "alert");
      problem.append(line);
      if (button) {
        const accept = document.createElement("button");
        accept.type = "button"; accept.id = "accept-state"; accept.dataset.epoch = button; accept.textContent = composer.dataset.accept || "OK";
        problem.append(accept);
      }
    };
    const headEpoch = () => document.querySelector("#head [data-epoch]");
    let stale = false;
    const changed = () => { // the page must not go on silently under another epoch: that is what the epoch is for
      const head = headEpoch();
      if (!head || head.dataset.epoch === epoch.value) return;
      if (!text.value.trim()) { location.reload(); return; }
      stale = true;
      show(composer.dataset.changed, "problem", head.dataset.epoch);
    };
    const insert = (words) => {
      const start = text.selectionStart, end = text.selectionEnd;
      const before = text.value.slice(0, start), gap = before && !before.endsWith("\n") ? "\n" : "";
      text.setRangeText(gap + words, start, end, "end");
      text.focus(); keep(); count(); grow();
    };
    const grow = () => {
      const stay = atEnd();
      text.rows = Math.min(14, Math.max(3, text.value.split("\n").length + Math.floor(text.value.length / 90)));
      if (stay) toEnd();
    };
    const shortcut = () => {
      const found = /(^|\n)\/([a-z0-9_-]+) $/.exec(text.value.slice(0, text.selectionStart));
      const one = found && byId("shortcuts").content.querySelector(`[data-shortcut="${found[2]}"]`);
      if (!one) return;
      const end = text.selectionStart;
      text.setRangeText(one.textContent, end - found[2].length - 2, end, "end");
    };
    let typingStop = 0, typingSent = 0;
    const nowTyping = () => {
      clearTimeout(typingStop);
      typing = true;
      if (Date.now() - typingSent > 4000) { typingSent = Date.now(); beat(); }
      typingStop = setTimeout(() => { typing = false; typingSent = 0; beat(); }, 4500);
    };
    text.addEventListener("input", (event) => { if (!event.isComposing) shortcut(); keep(); count(); grow(); if (text.value) nowTyping(); });
    text.addEventListener("keydown", (event) => {
      // While a Japanese word is being composed, Enter belongs to the input method.
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); composer.requestSubmit(byId("send").disabled ? undefined : byId("send")); }
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-insert], #accept-state");
      if (!button) return;
      if (button.id === "accept-state") { epoch.value = button.dataset.epoch; keep(); location.reload(); return; }
      insert(button.dataset.insert);
      const menu = button.closest("details");
      if (menu && menu.matches(".menu")) menu.open = false;
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (!form.matches("[data-epoch-form]")) return;
      form.elements.epoch.value = epoch.value;
      form.elements.client_id.value = form.elements.client_id.value || newId();
    }, true);
    composer.addEventListener("htmx:beforeRequest", (event) => { if (event.target === composer && (stale || byId("send").disabled || !text.value.trim())) event.preventDefault(); });
    body.addEventListener("desk-sent", (event) => {
      const next = (event.detail || {}).epoch;
      if (next !== null && next !== undefined) { epoch.value = next; byId("send").textContent = composer.dataset.send; }
      text.value = ""; client.value = newId(); typing = false; clearTimeout(typingStop);
      keep(); count(); grow(); text.focus();
      byId("draft-state").textContent = composer.dataset.sent;
      setTimeout(() => { byId("draft-state").textContent = ""; }, 3000);
      fetchMessages().then(toEnd); soon("head", 0); soon("side", 0); soon("queue", 0); beat();
    });
    body.addEventListener("desk-article-sent", (event) => {
      const next = (event.detail || {}).epoch;
      if (next !== null && next !== undefined) { epoch.value = next; keep(); }
      document.querySelectorAll("[data-epoch-form]").forEach((form) => { form.elements.client_id.value = ""; });
      fetchMessages().then(toEnd); soon("head", 0);
    });
    const notSent = () => show(composer.dataset.failed, "problem");
    composer.addEventListener("htmx:sendError", notSent);
    composer.addEventListener("htmx:responseError", notSent);
    document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "head") changed(); });
    restore(); count(); grow();
  }

  const here = document.querySelector(".top nav [aria-current]");
  if (here) here.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" }); // on a phone the menu is one row to swipe

  // --- small things ------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.dataset && event.target.dataset.live === "queue") countWaiting(); });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.target.matches && event.target.matches("[data-clear]") && event.detail.successful) event.target.reset(); });
  document.addEventListener("click", (event) => document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (menu.matches && menu.matches("details.menu") && !menu.open) {
      const part = menu.closest("[data-late]");
      if (part) { delete part.dataset.late; htmx.trigger(part, "refresh"); }
    }
  }, true);
  const out = byId("logout");
  if (out) out.addEventListener("submit", () => { // what others wrote to us does not stay on a shared machine
    Object.keys(localStorage).filter((one) => one.startsWith("madoguchi-desk-draft-")).forEach((one) => localStorage.removeItem(one));
  });
})();
