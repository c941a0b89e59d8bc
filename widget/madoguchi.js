/**
 * Madoguchi, the chat window for any web page:
 *
 *   <script src="https://host/widget/madoguchi.js" data-lang="ja" data-position="right" defer></script>
 *
 * data-lang       language until the person chooses one (else the browser's)
 * data-position   "right" (default) or "left"
 * data-transport  "cookie" (default on the gateway's own site) or "bearer" (default elsewhere)
 * data-server     the gateway, when it is not where this script comes from
 * data-assertion  the portal's signed token for a user who is logged in there
 *
 * Anything on the page with `data-madoguchi` opens the window; its value, if any, is put into the composer.
 * Talks to the gateway as docs/gateway-api.md says. Loads madoguchi.css and texts.json from its own folder and nothing else.
 * Text reaches the page as text nodes only; there is no inline style and no eval, so a strict Content-Security-Policy holds.
 */
(() => {
  'use strict';

  const TAG = 'madoguchi-chat';
  if (customElements.get(TAG)) return;

  const script = document.currentScript || document.querySelector('script[src*="madoguchi.js"]');
  const given = script.dataset;
  const server = new URL(given.server || script.src, location.href).origin;
  const settings = {
    api: `${server}/api/chat`,
    language: given.lang,
    position: given.position === 'left' ? 'left' : 'right',
    transport: given.transport || (server === location.origin ? 'cookie' : 'bearer'),
    assertion: given.assertion,
    share: `madoguchi ${server}`,
  };

  const REQUEST_LIMIT = 20000;   // ms until a request counts as failed
  const FIRST_EVENT = 8000;      // a stream that is silent so long after connecting is held back by a proxy: poll
  const SILENCE = 40000;         // the server pings every 15 s
  const LEADER_SILENCE = 60000;  // then another tab takes the stream over
  const POLL_EVERY = 4000;
  const SEND_TRIES = 4;
  const TYPING_EVERY = 3000;
  const TYPING_FORGET = 6000;
  const SMALL = matchMedia('(max-width: 600px), (max-height: 440px)');
  const TOUCH = matchMedia('(pointer: coarse)');
  const HAN = /\p{Script=Han}/u;

  // ---------------------------------------------------------------- small things

  /** A beside file of this script; a version in the script's address goes along. */
  const beside = (name) => new URL(name + new URL(script.src).search, script.src).href;

  /** Waiting time before try `n`: doubles up to a ceiling, half of it at random, so that not everybody comes back at once. */
  function backOff(n, first = 1000, ceiling = 30000) {
    const top = Math.min(ceiling, first * 2 ** Math.min(n, 10));
    return top / 2 + (Math.random() * top) / 2;
  }

  /** Waits, but no longer than until the network is back. */
  function pause(ms) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        removeEventListener('online', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      addEventListener('online', end);
    });
  }

  /** A random id, also on pages without https, where crypto.randomUUID is missing. */
  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** An element. Attributes that are null or false are left out, `on…` are listeners; children are nodes or plain text. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === 'function') element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  const ICONS = {
    counter: 'M4 21V8a4 4 0 0 1 4-4h8a4 4 0 0 1 4 4v13M2.5 16.5h19M9 11h.01M12 11h.01M15 11h.01',
    send: 'M4.5 12 3 4l18 8-18 8 1.5-8Zm0 0H13',
    close: 'M6 6l12 12M18 6 6 18',
    menu: 'M5 7h14M5 12h14M5 17h14',
    person: 'M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5ZM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
    up: 'M7 11v9H4v-9h3Zm0 0 4-8c1.7 0 2.7 1 2.5 3L13 10h5.5c1.3 0 2 1 1.8 2.2l-1 6c-.2 1-1 1.8-2.1 1.8H7',
    down: 'M17 13V4h3v9h-3Zm0 0-4 8c-1.7 0-2.7-1-2.5-3l.5-4H5.5c-1.3 0-2-1-1.8-2.2l1-6C4.9 4.8 5.7 4 6.8 4H17',
    newest: 'M12 5v14m-6-6 6 6 6-6',
    check: 'm5 12.5 4.5 4.5L19 7.500',
  };

  /** A drawn sign, silent for screen readers. */
  function icon(name) {
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  }

  /** What is kept in the browser. Without storage (private mode) it is kept until the page is left. */
  class Store {
    constructor(area) {
      try { this.area = window[area]; } catch { this.area = null; }
      this.memory = {};
    }

    get(key) {
      try { return JSON.parse(this.area.getItem(`madoguchi:${key}`)) ?? this.memory[key]; } catch { return this.memory[key]; }
    }

    /** Keeps a value; null removes it. */
    set(key, value) {
      this.memory[key] = value;
      try {
        if (value === null) this.area.removeItem(`madoguchi:${key}`);
        else this.area.setItem(`madoguchi:${key}`, JSON.stringify(value));
      } catch { /* full or forbidden: the memory has it */ }
    }
  }

  const remembered = new Store('localStorage');
  const thisTab = new Store('sessionStorage');

  /** The labels in all languages, and which element shows which of them, so that a change of language needs no redrawing. */
  const words = {
    table: {},
    language: 'en',
    shown: new WeakMap(),

    say(key, fields = {}, language = this.language) {
      const text = (this.table[language] || this.table[this.language] || {})[key] ?? key;
      return typeof text === 'string' ? text.replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole) : text;
    },

    /** Puts a label on an element: as its text, or as the attribute `place`. */
    put(element, key, fields = {}, place = 'text') {
      const labels = this.shown.get(element) || new Map();
      this.shown.set(element, labels.set(place, () => this.say(key, fields)));
      element.setAttribute('data-said', '');
      this.write(element);
      return element;
    },

    /** Puts a date or time, written as the language does. */
    time(element, date, style, language) {
      const write = () => new Intl.DateTimeFormat(language || this.language, style).format(date);
      this.shown.set(element, new Map([['text', write]]));
      element.setAttribute('data-said', '');
      this.write(element);
      return element;
    },

    write(element) {
      for (const [place, text] of this.shown.get(element)) {
        if (place === 'text') element.textContent = text();
        else element.setAttribute(place, text());
      }
    },

    refresh(root) {
      for (const element of root.querySelectorAll('[data-said]')) if (this.shown.has(element)) this.write(element);
    },
  };

  /** A button with an icon and a label that only screen readers and tooltips show. */
  function iconButton(name, key, attributes = {}) {
    const button = make('button', { type: 'button', class: 'icon-button', ...attributes }, icon(name));
    words.put(button, key, {}, 'aria-label');
    return words.put(button, key, {}, 'title');
  }

  /** A button with a written label. */
  const textButton = (key, attributes = {}) => words.put(make('button', { type: 'button', class: 'button', ...attributes }), key);

  // ---------------------------------------------------------------- text to nodes

  const LINK = /\[([^[\]\n]{1,300})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"「」『』（）()、。，｜|]{1,2000})/g;
  const SAFE = new Set(['http:', 'https:', 'mailto:', 'tel:']);

  /** A link, or its words alone when the address is not one of http, https, mailto, tel. */
  function link(words_, address) {
    let url;
    try { url = new URL(address); } catch { return document.createTextNode(words_); }
    if (!SAFE.has(url.protocol)) return document.createTextNode(words_);
    const anchor = make('a', { href: url.href, rel: 'noopener noreferrer' }, words_);
    if (url.protocol.startsWith('http')) {
      anchor.target = '_blank';
      anchor.append(' ', words.put(make('span', { class: 'unseen' }), 'new_tab'));
    }
    return anchor;
  }

  /** Links inside a line. */
  function inline(line) {
    const nodes = [];
    let from = 0;
    for (const found of line.matchAll(LINK)) {
      const bare = found[3] && found[3].replace(/[.,;:!?]+$/, '');
      nodes.push(line.slice(from, found.index), bare ? link(bare, bare) : link(found[1], found[2]));
      from = found.index + (bare || found[0]).length;
    }
    nodes.push(line.slice(from));
    return nodes.filter((node) => node !== '');
  }

  /** The small part of Markdown that is allowed: lines, lists, links. Everything else stays the text it is. */
  function rich(text) {
    const part = document.createDocumentFragment();
    let open = null;
    for (const line of String(text ?? '').split(/\r?\n/)) {
      const bullet = /^\s*(?:[-*•]\s+|・\s*)(.+)$/.exec(line);
      const number = /^\s*(\d{1,3})[.)．]\s+(.+)$/.exec(line);
      const kind = bullet ? 'ul' : number ? 'ol' : 'p';
      if (!line.trim()) {
        open = null;
        continue;
      }
      if (!open || open.localName !== kind) {
        open = make(kind, number ? { start: number[1] } : {});
        part.append(open);
      } else if (kind === 'p') open.append(make('br'));
      if (kind === 'p') open.append(...inline(line));
      else open.append(make('li', {}, ...inline(bullet ? bullet[1] : number[2])));
    }
    return part;
  }

  /** Where readings stand in a text: [start, end, reading], without the kana that surface and reading share at both ends. */
  function marks(text, segments) {
    const found = [];
    let at = 0;
    for (const [surface, reading] of segments) {
      const start = text.indexOf(surface, at);
      if (start < 0) continue;
      at = start + surface.length;
      if (!reading || !HAN.test(surface)) continue;
      let head = 0;
      let tail = 0;
      while (head < surface.length && surface[head] === reading[head] && !HAN.test(surface[head])) head += 1;
      while (tail < surface.length - head - 1 && tail < reading.length - head - 1 && surface.at(-1 - tail) === reading.at(-1 - tail)) tail += 1;
      found.push([start + head, at - tail, reading.slice(head, reading.length - tail)]);
    }
    return found;
  }

  /** Marks for words outside the text, such as a title: a run of kanji is read only when words of the text make it up altogether. */
  function known(title, segments) {
    const words_ = segments.filter(([surface, reading]) => reading && /^\p{Script=Han}{2,}$/u.test(surface)).sort((a, b) => b[0].length - a[0].length);
    const found = [];
    for (const run of title.matchAll(/\p{Script=Han}+/gu)) {
      const own = [];
      let at = 0;
      for (let word; (word = words_.find(([surface]) => run[0].startsWith(surface, at))); at += word[0].length) {
        own.push([run.index + at, run.index + at + word[0].length, word[1]]);
      }
      if (at === run[0].length) found.push(...own);
    }
    return found;
  }

  /** Lays readings over the kanji of everything drawn below `root`. `text` is what the segments were made of. */
  function annotate(root, text, segments) {
    const spans = marks(text, segments);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) if (HAN.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest('ruby, time')) nodes.push(walker.currentNode);
    for (const node of nodes) {
      const begin = text.indexOf(node.data);
      let own = begin < 0 ? [] : spans.filter(([start, end]) => start >= begin && end <= begin + node.data.length);
      own = own.map(([start, end, reading]) => [start - begin, end - begin, reading]);
      if (begin < 0) own = known(node.data, segments);
      let from = 0;
      const parts = [];
      for (const [start, end, reading] of own) {
        parts.push(node.data.slice(from, start), make('ruby', {}, node.data.slice(start, end), make('rp', {}, '('), make('rt', {}, reading), make('rp', {}, ')')));
        from = end;
      }
      if (parts.length) node.replaceWith(...parts, node.data.slice(from));
    }
  }

  // ---------------------------------------------------------------- the gateway

  /** A request that was refused (status), or that never arrived (status 0). `hint` is a sentence for the person. */
  class Refused extends Error {
    constructor(status, code, hint, retryAfter) {
      super(code);
      Object.assign(this, { status, code, hint, retryAfter });
    }
  }

  /** Calls of the chat API. The session is the server's: a cookie, or a token that it issued; never in an address. */
  class Api {
    constructor() {
      this.token = remembered.get('token');
      this.renew = async () => {};
    }

    /** The response of a call that succeeded; else throws Refused. */
    async open(method, path, { body, headers = {}, signal } = {}) {
      const abort = new AbortController();
      const timer = signal ? 0 : setTimeout(() => abort.abort(), REQUEST_LIMIT);
      const all = { 'Accept-Language': words.language, ...headers };
      if (body) all['Content-Type'] = 'application/json';
      if (settings.transport === 'bearer' && this.token) all.Authorization = `Bearer ${this.token}`;
      let response;
      try {
        response = await fetch(path ? `${settings.api}/${path}` : settings.api, {
          method, headers: all, body: body && JSON.stringify(body), signal: signal || abort.signal, cache: 'no-store',
          credentials: settings.transport === 'bearer' ? 'omit' : 'include', referrerPolicy: 'no-referrer',
        });
      } catch {
        throw new Refused(0, 'offline');
      } finally {
        clearTimeout(timer);
      }
      if (response.ok) return response;
      const said = await response.json().catch(() => ({}));
      throw new Refused(response.status, said.error, said.hint, Number(response.headers.get('Retry-After')) * 1000);
    }

    /** The answer of a call as data. A session that has ended is renewed once. */
    async call(method, path, body) {
      let response;
      try {
        response = await this.open(method, path, { body });
      } catch (error) {
        if (error.status !== 401 || path === 'session') throw error;
        await this.renew();
        response = await this.open(method, path, { body });
      }
      return response.status === 204 ? null : response.json();
    }

    keepToken(token) {
      this.token = token;
      remembered.set('token', token);
    }
  }

  /**
   * Brings everything the server says, in order and without gaps: by event stream, and by polling while no stream gets through.
   * Tells `heard(kind, data)`; besides the server's events: connection ("live", "polling", "lost"), beat, session_lost.
   */
  class Line {
    constructor(api, heard, cursor) {
      Object.assign(this, { api, heard, cursor, open: false });
    }

    start() {
      if (this.open) return;
      this.open = true;
      this.run(this.life = {});
    }

    stop() {
      this.open = false;
      this.life = null;
      this.abort?.abort();
    }

    async run(life) {
      let failures = 0;
      while (this.life === life) {
        let polled = false;
        try {
          if (failures < 3 || failures % 5 === 0) await this.read(() => { failures = 0; });
        } catch (error) {
          if (this.life !== life) return;
          if (error.status === 401 || error.status === 404) this.heard('session_lost');
        }
        if (this.life !== life) return;
        failures += 1;
        try {
          polled = await this.poll();
        } catch { /* told below */ }
        if (this.life !== life) return;
        if (failures > 1 || !polled) this.heard('connection', polled ? 'polling' : 'lost');
        await pause(polled && failures > 1 ? POLL_EVERY + Math.random() * 1000 : backOff(failures - 1, 600));
      }
    }

    /** Reads one stream to its end. */
    async read(alive) {
      const abort = new AbortController();
      this.abort = abort;
      let watchdog;
      const guard = (ms) => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), ms);
      };
      guard(FIRST_EVENT);
      try {
        const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(this.cursor()) };
        const response = await this.api.open('GET', 'stream', { headers, signal: abort.signal });
        const reader = response.body.getReader();
        const decoder = new TextDecoder();
        let rest = '';
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          guard(SILENCE);
          alive();
          const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
          rest = blocks.pop();
          for (const block of blocks) this.event(block);
          this.heard('beat');
        }
      } finally {
        clearTimeout(watchdog);
        abort.abort();
      }
    }

    event(block) {
      let kind = 'message';
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        const [, field, value] = /^(\w*): ?(.*)$/.exec(line) || [];
        if (field === 'event') kind = value;
        if (field === 'data') data.push(value);
      }
      if (!data.length) return;
      if (kind === 'state') this.heard('connection', 'live');
      this.heard(kind, JSON.parse(data.join('\n')));
    }

    async poll() {
      for (let more = true; more;) {
        const page = await this.api.call('GET', `messages?after=${this.cursor()}&limit=100`);
        for (const message of page.messages) this.heard('message', message);
        this.heard('state', page.state);
        more = page.more && page.messages.length > 0;
      }
      this.heard('beat');
      return true;
    }
  }

  /** Several tabs share one stream: the one that holds the lock reads it and tells the others. */
  class Tabs {
    constructor(lead, heard) {
      Object.assign(this, { lead, heard, leading: false, stopped: false, last: Date.now() });
      this.shared = Boolean(navigator.locks && window.BroadcastChannel);
      if (!this.shared) {
        lead(true);
        return;
      }
      this.channel = new BroadcastChannel(settings.share);
      this.channel.onmessage = ({ data: [kind, data] }) => {
        this.last = Date.now();
        this.heard(kind, data);
      };
      this.queue(false);
      this.watch = setInterval(() => {
        const mute = !this.leading && !document.hidden && Date.now() - this.last > LEADER_SILENCE;
        if (mute) this.queue(true);  // the leading tab is frozen
      }, 15000);
    }

    queue(steal) {
      this.wait?.abort();
      this.wait = new AbortController();
      const hold = () => new Promise((release) => {
        if (this.stopped) return release();
        this.release = release;
        this.leading = true;
        this.last = Date.now();
        this.lead(true);
      });
      navigator.locks.request(settings.share, steal ? { steal } : { signal: this.wait.signal }, hold).catch(() => {
        if (!this.leading || this.stopped) return;
        this.leading = false;  // another tab took it
        this.lead(false);
        this.last = Date.now();
        this.queue(false);
      });
    }

    say(kind, data) {
      if (this.shared && !this.stopped) this.channel.postMessage([kind, data]);
    }

    stop() {
      this.stopped = true;
      clearInterval(this.watch);
      this.lead(false);
      this.wait?.abort();
      this.release?.();
      this.channel?.close();
    }
  }

  /** What the person sent and the server has not yet confirmed. Kept over a reload; the same client_id makes a repetition harmless. */
  class Outbox {
    constructor(post, changed) {
      Object.assign(this, { post, changed, running: false });
      this.items = thisTab.get('unsent') || [];
    }

    add(item) {
      this.items.push(item);
      this.keep();
      this.changed(item, 'sending');
      this.run();
    }

    retry(clientId) {
      const item = this.items.find((one) => one.client_id === clientId);
      if (!item) return;
      item.failed = false;
      this.changed(item, 'sending');
      this.run();
    }

    /** The line is back: what failed only because it was down goes out by itself. */
    resume() {
      for (const item of this.items) if (item.failed && item.passing) this.retry(item.client_id);
    }

    /** The server has it. */
    done(clientId) {
      this.items = this.items.filter((item) => item.client_id !== clientId);
      this.keep();
    }

    clear() {
      this.items = [];
      this.keep();
    }

    keep() { thisTab.set('unsent', this.items); }

    async run() {
      if (this.running) return;
      this.running = true;
      for (let item; (item = this.items.find((one) => !one.failed));) await this.deliver(item);
      this.running = false;
    }

    async deliver(item) {
      for (let tries = 1; this.items.includes(item); tries += 1) {
        try {
          const answer = await this.post(item);
          this.done(item.client_id);
          this.changed(item, 'sent', answer);
        } catch (error) {
          const passing = error.status === 0 || error.status === 429 || error.status >= 500;
          if (passing && tries < SEND_TRIES) await pause(error.retryAfter || backOff(tries - 1));
          else if (this.items.includes(item)) {
            item.failed = true;
            item.passing = passing;
            this.keep();
            this.changed(item, 'failed', error);
            return;
          }
        }
      }
    }
  }

  // ---------------------------------------------------------------- the messages

  let fields = 0;   // numbers the controls, so that labels find theirs

  /** The answer itself, what stands in the text before it (how sure it is), and the lines between it and its source. */
  function split(message) {
    const { answer } = message.card;
    const lines = String(message.text || '').split('\n');
    const end = lines.findIndex((line) => answer.source?.url && line.includes(answer.source.url));
    const said = (end < 0 ? lines : lines.slice(0, end)).join('\n');
    if (answer.notices) return [answer.text, [], answer.notices];
    const start = said.indexOf(answer.text); // a heading, or "the nearest I have", may stand before it
    if (start < 0) return [said || answer.text, [], []];
    const heading = new RegExp(`^[\\[【]${answer.title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[\\]】]$`);
    const linesOf = (part) => part.split('\n').map((line) => line.trim()).filter((line) => line && !heading.test(line));
    return [answer.text, linesOf(said.slice(0, start)), linesOf(said.slice(start + answer.text.length))];
  }

  /** An answer with its notices, its source and the day it was checked. Labels in the language of the answer. */
  function answerCard(message) {
    const { answer } = message.card;
    const language = message.language;
    const [text, first, notices] = split(message);
    const card = make('article', { class: 'card' });
    for (const line of first) card.append(make('div', { class: 'caution' }, rich(line)));
    if (answer.aspect_label) card.append(make('p', { class: 'aspect' }, answer.aspect_label));
    if (answer.title) card.append(make('h3', {}, answer.title));
    card.append(make('div', { class: 'answer' }, rich(text)));
    for (const notice of notices) card.append(make('div', { class: 'caution' }, rich(notice)));
    if (!answer.source?.url) return card;
    const foot = sourceFoot(answer.source, answer.checked_on, language);
    if (answer.source.read === false) foot.append(make('p', { class: 'cited' }, words.say('cited', {}, language)));
    card.append(foot);
    return card;
  }

  // ---- cards that are lists: a checklist, events, companies, points, deadlines

  /** An address of the gateway's own pages (`/pages/…`), or any other; a link only when its kind is safe. */
  function pageLink(key, address, language, attributes = {}) {
    let url;
    try { url = new URL(address, server); } catch { return null; }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    return make('a', { class: 'page-link', href: url.href, target: '_blank', rel: 'noopener noreferrer', ...attributes },
      words.say(key, {}, language), ' ', make('span', { class: 'unseen' }, words.say('new_tab', {}, language)));
  }

  /** Where it comes from: a link when the source is an address, else its words. */
  function sourceOf(source) {
    if (typeof source === 'string') return /^https?:\/\//.test(source) ? link(source.replace(/^https?:\/\/([^/]+).*$/, '$1'), source) : source;
    return source?.url ? link(source.title || source.url, source.url) : null;
  }

  const longDay = { dateStyle: 'long', timeZone: 'UTC' };

  /** A day as the language writes it, or the words as they came when they are no day. */
  function dayIn(day, language, style = longDay) {
    const date = new Date(`${day}T00:00:00Z`);
    return Number.isNaN(date.valueOf()) ? String(day ?? '') : new Intl.DateTimeFormat(language, style).format(date);
  }

  /** Source and the day it was checked, below a card. */
  function sourceFoot(source, checkedOn, language) {
    const from = sourceOf(source);
    if (!from && !checkedOn) return null;
    const foot = make('footer', {});
    if (from) {
      foot.append(make('p', { class: 'source' }, make('span', { class: 'source-label' }, words.say('source', {}, language)), ' ', from,
        source.publisher ? make('span', { class: 'publisher' }, source.publisher) : null));
    }
    if (checkedOn) foot.append(make('p', { class: 'stamp' }, make('time', { datetime: checkedOn }, words.say('checked', { date: dayIn(checkedOn, language) }, language))));
    return foot;
  }

  /** Named facts, those that are there. A list of words becomes one line. */
  function facts(pairs, language) {
    const list = make('dl', { class: 'facts' });
    for (const [key, value] of pairs) {
      const text = Array.isArray(value) ? value.join(words.say('comma', {}, language)) : value;
      if (text) list.append(make('div', {}, make('dt', {}, words.say(key, {}, language)), make('dd', {}, ...inline(String(text)))));
    }
    return list.childElementCount ? list : null;
  }

  /** Everything written in a card: its strings, and its days as the language writes them too. */
  function strings(value, language) {
    if (value && typeof value === 'object') return Object.entries(value).flatMap(([key, one]) => (['id', 'language'].includes(key) ? [] : strings(one, language)));
    if (typeof value !== 'string' || value.trim().length < 2) return [];
    const day = /^\d{4}-\d\d-\d\d$/.test(value) ? ['full', 'long'].map((style) => dayIn(value, language, { dateStyle: style, timeZone: 'UTC' })) : [];
    return [...day, value.trim()];
  }

  /**
   * What the text of a message says beside its card, as lines before and lines after it: nothing is said twice, and no caution is lost.
   * A line is in the card when little more than labels is left of it without the card's own words.
   */
  function saidBesides(text, card, language) {
    const own = strings(card, language).sort((a, b) => b.length - a.length);
    const letters = (line) => line.replace(/[^\p{L}]/gu, '').length;
    const shown = (line) => {
      const rest = letters(own.reduce((left, one) => left.split(one).join(' '), line));
      return rest < letters(line) && (rest <= 10 || rest <= letters(line) * 0.4);
    };
    const lines = String(text || '').split('\n').map((line) => line.trim()).filter(Boolean);
    const first = lines.findIndex(shown);
    return first < 0 ? [lines, []] : [lines.slice(0, first), lines.slice(first).filter((line) => !shown(line))];
  }

  /** Which things of which checklist are ticked. On this device only: what somebody has gathered is nobody else's business. */
  const ticks = {
    has(list, item) { return Boolean(remembered.get('ticks')?.[list]?.includes(item)); },
    put(list, item, on) {
      const all = remembered.get('ticks') || {};
      const others = (all[list] || []).filter((one) => one !== item);
      remembered.set('ticks', { ...all, [list]: on ? [...others, item] : others });
    },
  };

  function checklist(data, language) {
    const list = make('ul', { class: 'ticks' });
    const progress = make('p', { class: 'progress' });
    const count = () => {
      const done = data.items.filter(({ id }) => ticks.has(data.id, id)).length;
      progress.textContent = words.say('ticked', { done, all: data.items.length }, language);
    };
    for (const item of data.items) {
      fields += 1;
      const id = `tick-${fields}`;
      const more = make('div', { class: 'more', id: `${id}-more` }, item.what && item.what !== item.title ? make('p', {}, ...inline(item.what)) : null,
        facts([['issuer', item.issuer], ['where', item.where]], language), item.note ? make('p', { class: 'aside' }, ...inline(item.note)) : null);
      const box = make('input', { type: 'checkbox', id, 'data-tick': `${data.id}/${item.id}`, 'aria-describedby': more.hasChildNodes() ? more.id : null });
      box.checked = ticks.has(data.id, item.id);
      box.addEventListener('change', () => {
        ticks.put(data.id, item.id, box.checked);
        for (const other of box.getRootNode().querySelectorAll(`[data-tick="${CSS.escape(box.dataset.tick)}"]`)) {   // the same list further up
          other.checked = box.checked;
          other.dispatchEvent(new Event('ticked'));
        }
      });
      box.addEventListener('ticked', count);
      list.append(make('li', {}, box, make('label', { for: id }, item.title), more.hasChildNodes() ? more : null));
    }
    count();
    return [list, progress, make('p', { class: 'hint' }, words.say('ticks_here', {}, language)),
      data.page ? make('p', { class: 'links' }, pageLink('print', data.page, language)) : null, sourceFoot(data.source, data.source?.checked_on, language)];
  }

  function events(data, language) {
    const list = make('ul', { class: 'entries' });
    for (const one of data.items) {
      list.append(make('li', { class: one.over ? 'over' : null },
        make('h4', {}, `${one.title} `, one.over ? make('span', { class: 'tag' }, words.say('over', {}, language)) : null),
        facts([['when', one.when], ['place', one.place], ['organiser', one.organiser], ['audience', one.audience], ['cost', one.cost]], language),
        make('p', { class: 'links' }, one.link ? pageLink('event_page', one.link, language) : null,
          one.calendar && !one.over ? pageLink('calendar_add', one.calendar, language, { 'data-calendar': true }) : null),
        sourceFoot(one.source, one.checked_on, language)));
    }
    return [list, data.feed ? make('p', { class: 'links' }, pageLink('calendar_feed', data.feed, language)) : null];
  }

  function companies(data, language) {
    const list = make('ul', { class: 'entries' });
    for (const one of data.items) {
      list.append(make('li', {}, make('h4', {}, one.name),
        facts([['region', one.region], ['fields', one.fields], ['languages_used', one.languages], ['looking_for', one.looking_for]], language),
        one.link ? make('p', { class: 'links' }, pageLink('company_page', one.link, language)) : null, sourceFoot(null, one.checked_on, language)));
    }
    return [list, data.notice ? make('div', { class: 'caution' }, rich(data.notice)) : null];
  }

  function points(data, language) {
    const say = (key) => words.say(key, {}, language);
    const row = ({ label, points: number, evidence }) => make('tr', {},
      make('th', { scope: 'row' }, label, evidence ? make('small', {}, ...inline(evidence)) : null), make('td', {}, String(number)));
    const table = make('table', { class: 'points' },
      make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, say('points_for')), make('th', { scope: 'col' }, say('points')))),
      make('tbody', {}, ...data.rows.map(row)),
      make('tfoot', {}, make('tr', {}, make('th', { scope: 'row' }, say('total')), make('td', {}, String(data.total)))));
    return [table, sourceFoot(data.source, data.source?.checked_on, language)];
  }

  function deadlines(data, language) {
    const list = make('ol', { class: 'entries days' });
    for (const { date, title, why } of data.items) {
      const day = make('time', { datetime: date }, dayIn(date, language, { dateStyle: 'full', timeZone: 'UTC' }));
      list.append(make('li', {}, make('p', { class: 'date' }, day), make('h4', {}, title), why ? make('p', {}, ...inline(why)) : null));
    }
    return [list, data.calendar ? make('p', { class: 'links' }, pageLink('calendar_all', data.calendar, language, { 'data-calendar': true })) : null,
      sourceFoot(data.source, data.source?.checked_on, language)];
  }

  const LISTS = { checklist, events, companies, points, deadlines };

  /** The card of a message that holds a list (docs/gateway-api.md, "Cards"), or null. Something that is not as agreed is shown as its text. */
  function listCard(message) {
    const kind = Object.keys(LISTS).find((name) => Array.isArray(message.card?.[name]?.[name === 'points' ? 'rows' : 'items']));
    if (!kind) return null;
    const data = message.card[kind];
    let drawn;
    try { drawn = LISTS[kind](data, message.language).filter(Boolean); } catch { return null; }
    const [before, after] = saidBesides(message.text, data, message.language);
    const card = make('article', { class: `card list ${kind}` });
    if (before.length) card.append(make('div', { class: 'lead' }, rich(before.join('\n'))));
    if (data.title) card.append(make('h3', {}, data.title));
    card.append(...drawn);
    if (after.length) card.append(make('div', { class: 'caution' }, rich(after.join('\n'))));
    return card;
  }

  /** The conversation as a list of bubbles, always in the order of the server's numbers, unsent ones last. */
  class Log {
    constructor(acts) {
      this.acts = acts;
      this.entries = [];
      this.list = make('ol', { class: 'messages' });
    }

    clear() {
      this.entries = [];
      this.list.replaceChildren();
    }

    find({ id, client_id: clientId }) {
      return this.entries.find(({ message }) => (id && message.id === id) || (clientId && message.client_id === clientId));
    }

    /** Shows a message, new or changed. True when it was not there before. */
    put(message, state = 'sent', hint = null) {
      let entry = this.find(message);
      const fresh = !entry;
      if (fresh) {
        entry = { node: make('li') };
        this.entries.push(entry);
      } else if (entry.message.id && !message.id) return false;
      const before = fresh ? '' : JSON.stringify([entry.message.text, entry.message.seq, entry.state, entry.hint]);
      Object.assign(entry, { message: { ...entry.message, ...message }, state, hint });
      if (before !== JSON.stringify([message.text, message.seq, state, hint])) this.draw(entry);
      this.arrange();
      return fresh;
    }

    /** A later word of the server on a message. */
    update({ id, feedback }) {
      const entry = this.find({ id });
      if (!entry || feedback === undefined) return;
      entry.message.feedback = feedback;
      for (const button of entry.node.querySelectorAll('[data-value]')) button.setAttribute('aria-pressed', String(button.dataset.value === feedback));
    }

    draw(entry) {
      const { message, node } = entry;
      node.className = `message ${message.author}`;
      if (message.kind) node.dataset.kind = message.kind;
      const bubble = make('div', { class: 'bubble', lang: message.language });
      const items = message.card?.items;
      const list = listCard(message);
      if (message.card?.answer) bubble.append(answerCard(message));
      else if (list) bubble.append(list);
      else if (message.author === 'person') bubble.append(message.text || '');
      else bubble.append(rich(message.text));
      entry.bubble = bubble;
      entry.choices = this.choices(message.buttons, message);
      node.replaceChildren(...[
        this.byline(message), bubble, items ? this.carousel(items, message) : null,
        message.author === 'person' ? this.delivery(entry) : null,
        message.author === 'bot' && message.card?.answer ? this.thumbs(message) : null, entry.choices,
        message.form === 'inquiry' ? (entry.form ||= this.acts.form(message)) : null,
      ].filter(Boolean));
      this.acts.drawn(entry);
    }

    /** Who says it: on every bubble, since it matters whether a program or a human answers. */
    byline(message) {
      const line = make('p', { class: message.author === 'person' ? 'byline unseen' : 'byline' });
      const who = make('span', { class: 'who' });
      const time = make('time', { datetime: message.at });
      if (message.author === 'coordinator') {
        const role = message.role || words.say('role_coordinator');
        words.put(who, 'author_coordinator', { name: message.name || words.say('someone'), role });
      } else if (message.author !== 'system') words.put(who, message.author === 'bot' ? 'author_bot' : 'author_person');
      line.append(who, ' ', words.time(time, new Date(message.at), { hour: '2-digit', minute: '2-digit', hour12: false }));
      return line;
    }

    delivery({ message, state, hint }) {
      const line = make('p', { class: 'delivery', 'data-state': state });
      if (state === 'failed') {
        line.append(hint ? make('span', {}, hint) : words.put(make('span'), 'failed'));
        line.append(textButton('retry', { class: 'button small', onclick: () => this.acts.retry(message.client_id) }));
      } else {
        const time = make('time', { datetime: message.at });
        line.append(words.put(make('span'), state), ' ');
        if (state === 'sent') line.append(words.time(time, new Date(message.at), { hour: '2-digit', minute: '2-digit', hour12: false }));
      }
      return line;
    }

    choices(buttons, message) {
      if (!buttons?.length) return null;
      const group = words.put(make('div', { class: 'choices', role: 'group', lang: message.language }), 'choices', {}, 'aria-label');
      for (const { title, token } of buttons) {
        const button = make('button', { type: 'button', class: 'choice', onclick: () => {
          if (button.getAttribute('aria-disabled') === 'true') return;
          button.setAttribute('aria-pressed', 'true');
          this.acts.choose(title, token, message.language);
        } }, title);
        group.append(button);
      }
      return group;
    }

    /** Several small results side by side. */
    carousel(items, message) {
      const row = words.put(make('ul', { class: 'carousel', lang: message.language, tabindex: '0' }), 'items', {}, 'aria-label');
      for (const { title, text, source, buttons } of items) {
        row.append(make('li', { class: 'card' }, make('h3', {}, title), make('div', { class: 'answer' }, rich(text)),
          source?.url ? make('footer', {}, make('p', { class: 'source' }, link(source.title || source.url, source.url))) : null,
          this.choices(buttons, message)));
      }
      return row;
    }

    thumbs(message) {
      const row = make('div', { class: 'thumbs' });
      const thank = make('p', { class: 'thanks', role: 'status' });
      const why = make('form', { class: 'why', hidden: true, novalidate: true });
      const field = make('input', { type: 'text', maxlength: '500', autocomplete: 'off' });
      words.put(field, 'why', {}, 'aria-label');
      words.put(field, 'why', {}, 'placeholder');
      why.append(field, textButton('why_send', { type: 'submit', class: 'button small' }));
      why.addEventListener('submit', (event) => {
        event.preventDefault();
        if (field.value.trim()) this.acts.feedback(message.id, 'down', field.value.trim());
        why.hidden = true;
        words.put(thank, 'thanks');
      });
      for (const [value, key] of [['up', 'helpful'], ['down', 'not_helpful']]) {
        const button = iconButton(value, key, { 'data-value': value, 'aria-pressed': String(message.feedback === value), onclick: () => {
          const now = button.getAttribute('aria-pressed') === 'true' ? 'none' : value;
          this.update({ id: message.id, feedback: now });
          this.acts.feedback(message.id, now);
          why.hidden = now !== 'down';
          if (!why.hidden) why.scrollIntoView({ block: 'nearest' });
          if (now === 'up') words.put(thank, 'thanks');
          else words.shown.delete(thank), thank.replaceChildren();
        } });
        row.append(button);
      }
      row.append(thank, why);
      return row;
    }

    /** Order, days, which choices are still open, which form is the present one, which own message shows its state. */
    arrange() {
      const place = ({ message }) => message.seq ?? Number.MAX_SAFE_INTEGER;
      this.entries.sort((a, b) => place(a) - place(b));
      const last = (test) => this.entries.findLastIndex(test);
      const lastOwn = last(({ message }) => message.author === 'person');
      const lastForm = last(({ message }) => message.form === 'inquiry');
      const received = last(({ message }) => message.kind === 'inquiry_received');
      let day = '';
      this.entries.forEach((entry, at) => {
        const { node, message, choices, form } = entry;
        if (this.list.children[at] !== node) this.list.insertBefore(node, this.list.children[at] || null);
        const today = new Date(message.at).toDateString();
        node.querySelector(':scope > .day')?.remove();
        if (today !== day) {
          const time = words.time(make('time', { datetime: message.at }), new Date(message.at), { month: 'long', day: 'numeric', weekday: 'short' });
          node.prepend(make('p', { class: 'day' }, time));
        }
        day = today;
        node.classList.toggle('latest', at === lastOwn);
        if (choices) this.settle(choices, at < lastOwn);
        if (form && !form.dataset.sent) form.hidden = at !== lastForm || received > at || form.dataset.put === 'away';
      });
    }

    /** Choices made or passed by leave the eye, not the page: a screen reader may still be reading them. */
    settle(group, done) {
      group.classList.toggle('unseen', done);
      for (const button of group.children) {
        button.toggleAttribute('data-past', done);
        button.setAttribute('aria-disabled', String(done));
        button.tabIndex = done ? -1 : 0;
      }
    }
  }

  // ---------------------------------------------------------------- forms

  /** A labelled field with room for its error. `control` is an input or a textarea; `text` a ready label instead of a key. */
  function field(key, control, text) {
    fields += 1;
    const error = make('p', { class: 'error', id: `error-${fields}` });
    control.id = `field-${fields}`;
    control.setAttribute('aria-describedby', error.id);
    const name = make('label', { for: control.id }, text || '');
    if (!text) words.put(name, key);
    const box = make('div', { class: control.type === 'checkbox' ? 'field tick' : 'field' }, ...(control.type === 'checkbox' ? [control, name] : [name, control]), error);
    box.mark = (message) => {
      error.textContent = message || '';
      control.toggleAttribute('aria-invalid', Boolean(message));
      if (message) control.setAttribute('aria-invalid', 'true');
    };
    box.name = name;
    box.control = control;
    return box;
  }

  /** Out of hours: leave a question and where to answer. Contact details can be written only after consent. */
  function inquiryForm({ question, consent, send, later }) {
    const form = make('form', { class: 'sheet', novalidate: true });
    const asked = field('form_question', make('textarea', { rows: '3', maxlength: '4000' }));
    const agreed = field('', make('input', { type: 'checkbox' }), consent);
    const email = field('form_email', make('input', { type: 'email', autocomplete: 'email', inputmode: 'email' }));
    const phone = field('form_phone', make('input', { type: 'tel', autocomplete: 'tel', inputmode: 'tel' }));
    const contact = make('fieldset', { hidden: true }, words.put(make('legend'), 'form_contact'), email, phone);
    const places = { question_missing: asked, consent_missing: agreed, email_invalid: email, contact_missing: email, phone_invalid: phone };
    const submit = textButton('form_send', { type: 'submit', class: 'button main' });
    asked.control.value = question;
    agreed.control.addEventListener('change', () => { contact.hidden = !agreed.control.checked; });
    form.append(words.put(make('h3'), 'form_title'), asked, agreed, contact,
      make('div', { class: 'row' }, submit, textButton('form_later', { onclick: () => {
        form.dataset.put = 'away';
        form.hidden = true;
        later();
      } })));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (submit.disabled) return;
      for (const box of [asked, agreed, email, phone]) box.mark('');
      submit.disabled = true;
      try {
        const body = { question: asked.control.value.trim(), consent: agreed.control.checked };
        if (agreed.control.checked && email.control.value.trim()) body.email = email.control.value.trim();
        if (agreed.control.checked && phone.control.value.trim()) body.phone = phone.control.value.trim();
        const answer = await send(body);
        const done = words.put(make('p', { tabindex: '-1' }), 'form_done', { contact: answer.contact });
        form.dataset.sent = 'yes';
        form.replaceChildren(done);
        done.focus();
      } catch (error) {
        const box = places[error.code] || asked;
        box.mark(error.hint || words.say('error'));
        box.control.focus();
      } finally {
        submit.disabled = false;
      }
    });
    form.agree = (text) => { agreed.name.textContent = text; };
    return form;
  }

  /** After a talk with a coordinator: one of five, and a word if they like. */
  function ratingForm({ send, later }) {
    const form = make('form', { class: 'sheet rating', novalidate: true });
    const error = make('p', { class: 'error', role: 'alert' });
    const scale = make('div', { class: 'scale' });
    for (const score of ['1', '2', '3', '4', '5']) {
      const radio = make('input', { type: 'radio', name: 'score', value: score });
      scale.append(make('label', {}, radio, make('b', { 'aria-hidden': 'true' }, score), words.put(make('span'), `rating_${score}`)));
    }
    const comment = field('rating_comment', make('textarea', { rows: '2', maxlength: '1000' }));
    form.append(make('fieldset', {}, words.put(make('legend'), 'rating_title'), scale), comment, error,
      make('div', { class: 'row' }, textButton('rating_send', { type: 'submit', class: 'button main' }), textButton('rating_later', { onclick: later })));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const score = Number(new FormData(form).get('score'));
      if (!score) {
        words.put(error, 'rating_missing');
        scale.querySelector('input').focus();
        return;
      }
      try {
        await send({ score, comment: comment.control.value.trim() || undefined });
      } catch (refused) {
        error.textContent = refused.hint || words.say('error');
      }
    });
    return form;
  }

  // ---------------------------------------------------------------- the window

  /** The whole chat: builds its window, and brings the gateway's words and the person's acts together. */
  class Chat extends HTMLElement {
    constructor() {
      super();
      this.state = null;       // the server's, null before there is a session
      this.config = null;
      this.cursor = 0;         // everything up to this number has come by stream, poll or history
      this.seen = 0;
      this.accepted = false;   // the privacy notice
      this.wish = null;        // what waits for the notice to be accepted
      this.api = new Api();
      this.readings = Promise.resolve();   // one after another, so that a long history is no flood of requests
      this.api.renew = async () => {
        if (!remembered.get('known')) throw new Refused(401, 'session_missing');  // after erasing nothing begins by itself
        const { notice } = await this.session();
        if (notice.accepted) return;
        this.gone(false);  // a new person, as far as the server knows: the notice comes first
        throw new Refused(409, 'notice_required');
      };
      this.line = new Line(this.api, (kind, data) => this.fromLine(kind, data), () => this.cursor);
      this.log = new Log({
        choose: (title, token, language) => this.send({ button: token }, title, language),
        retry: (id) => this.outbox.retry(id),
        feedback: (message, value, comment) => this.act('POST', 'feedback', { message, value, comment }),
        form: () => this.inquiry(),
        drawn: (entry) => this.read(entry),
      });
      this.outbox = new Outbox((item) => this.post(item), (item, state, answer) => this.sending(item, state, answer));
    }

    async connectedCallback() {
      if (this.shadowRoot) return;
      this.build();
      for (let tries = 0; !words.table.en; tries += 1) {
        try {
          words.table = await (await fetch(beside('texts.json'))).json();
        } catch {
          await pause(backOff(tries));
        }
      }
      const wishes = [remembered.get('language'), settings.language, ...navigator.languages].map((tag) => String(tag).split('-')[0]);
      this.setLanguage(wishes.find((code) => words.table[code]) || Object.keys(words.table)[0], false);
      this.root.hidden = false;
      this.listen();
      if (remembered.get('known')) this.connect();
      if (thisTab.get('open') && !SMALL.matches) this.open({ focus: false });
    }

    // ------------------------------------------------------------ building

    build() {
      const root = this.attachShadow({ mode: 'open' });
      const make_ = words.put.bind(words);
      this.badge = make('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' });
      this.unread = make('span', { class: 'unseen' });
      this.launcher = make('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', onclick: () => this.open({}) },
        icon('counter'), make_(make('span'), 'launcher'), this.badge, this.unread);
      this.said = make('div', { class: 'unseen', role: 'status' });       // heard while the window is closed
      this.spoken = make_(make('div', { class: 'unseen', role: 'log', 'aria-live': 'polite' }), 'conversation', {}, 'aria-label');
      this.panel = make_(make('dialog', { class: 'panel' }), 'panel', {}, 'aria-label');
      this.panel.append(this.buildHead(), this.buildMenu(), this.buildBars(), this.buildBody(), this.buildFoot(), this.spoken);
      this.sheet = make('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' });
      this.panel.append(this.sheet);
      this.root = make('div', { class: `root ${settings.position}`, hidden: true }, this.launcher, this.said, this.panel);
      const style = make('link', { rel: 'stylesheet', href: beside('madoguchi.css') });
      const drawn = new Promise((resolve) => { style.onload = style.onerror = resolve; });
      this.style_ = drawn;
      root.append(style, this.root);
    }

    buildHead() {
      this.who = make('p', { class: 'status' });
      this.languages = words.put(make('div', { class: 'languages', role: 'group' }), 'language', {}, 'aria-label');
      this.menuButton = iconButton('menu', 'menu', { 'aria-expanded': 'false', 'aria-controls': 'menu', onclick: () => this.showMenu(this.menu.hidden) });
      return make('div', { class: 'head' }, make('span', { class: 'sign' }, icon('counter')),
        make('div', { class: 'names' }, words.put(make('h2', { tabindex: '-1' }), 'name'), this.who),
        this.languages, this.menuButton, iconButton('close', 'close', { onclick: () => this.close() }));
    }

    buildMenu() {
      this.furigana = make('button', { type: 'button', role: 'switch', 'aria-checked': String(Boolean(remembered.get('furigana'))), onclick: () => this.switchFurigana() },
        words.put(make('span'), 'furigana'), make('span', { class: 'knob' }));
      const item = (key, act) => words.put(make('button', { type: 'button', onclick: () => {
        this.showMenu(false);
        act();
      } }), key);
      this.own = [item('download_text', () => this.download('text')), item('download_data', () => this.download('json')), item('erase', () => this.erase())];
      this.menu = make('div', { class: 'menu', id: 'menu', hidden: true }, this.furigana,
        item('notice_show', () => this.showNotice()), ...this.own);
      this.menu.addEventListener('focusout', ({ relatedTarget }) => {
        if (relatedTarget && !this.menu.contains(relatedTarget) && relatedTarget !== this.menuButton) this.showMenu(false);
      });
      return this.menu;
    }

    /** Under the head: the line to the server, a refused act, the place in the queue. */
    buildBars() {
      this.lineBar = words.put(make('p', { class: 'bar line', hidden: true }), 'lost');
      this.noteText = make('span');
      this.noteBar = make('div', { class: 'bar note', hidden: true }, this.noteText,
        iconButton('close', 'dismiss', { onclick: () => {
          this.noteBar.hidden = true;
          this.panel.querySelector('h2').focus();
        } }));
      this.waitText = make('p');
      this.waitBar = make('div', { class: 'bar wait', hidden: true }, make('span', { class: 'pulse', 'aria-hidden': 'true' }), this.waitText,
        textButton('cancel', { class: 'button small', onclick: () => this.stopWaiting() }));
      this.downBar = words.put(make('p', { class: 'bar down', hidden: true }), 'bot_down');
      return make('div', { class: 'bars' }, this.lineBar, this.noteBar, this.waitBar, this.downBar);
    }

    buildBody() {
      this.noticeTitle = make('h3', { id: 'notice-title', tabindex: '-1' });
      this.noticeText = make('div', { class: 'notice-text' });
      this.acceptButton = textButton('accept', { class: 'button main', onclick: () => this.accept() });
      this.gate = make('section', { class: 'sheet gate', 'aria-labelledby': 'notice-title', hidden: true }, this.noticeTitle, this.noticeText, this.acceptButton);
      this.suggestions = make('div', { class: 'choices' });
      this.welcome = make('section', { class: 'welcome', hidden: true }, words.put(make('p', { class: 'hello' }), 'welcome'),
        words.put(make('p', { class: 'hello-note' }), 'welcome_note'), this.suggestions);
      this.typing = make('p', { class: 'typing', hidden: true }, make('span', { class: 'dots', 'aria-hidden': 'true' }, make('i'), make('i'), make('i')), make('span'));
      this.after = make('div', { class: 'after' });
      this.scroller = words.put(make('div', { class: 'scroller', tabindex: '0', role: 'region' }, this.gate, this.welcome, this.log.list, this.typing, this.after),
        'conversation', {}, 'aria-label');
      this.newest = make('button', { type: 'button', class: 'newest', hidden: true, onclick: () => this.toEnd() }, icon('newest'), words.put(make('span'), 'to_newest'));
      this.scroller.addEventListener('scroll', () => { if (this.atEnd()) this.newest.hidden = true; }, { passive: true });
      return make('div', { class: 'body' }, this.scroller, this.newest);
    }

    buildFoot() {
      this.text = make('textarea', { rows: '1', enterkeyhint: 'send', id: 'compose', 'aria-describedby': 'compose-hint compose-count', autocomplete: 'off' });
      words.put(this.text, 'compose_placeholder', {}, 'placeholder');
      this.count = make('p', { class: 'count', id: 'compose-count', role: 'status' });
      const label = words.put(make('label', { class: 'unseen', for: 'compose' }), 'compose');
      const hint = words.put(make('span', { class: 'unseen', id: 'compose-hint' }), 'compose_hint');
      this.composer = make('form', { class: 'composer', hidden: true }, label, this.text, hint, iconButton('send', 'send', { type: 'submit', class: 'icon-button send' }));
      this.composer.addEventListener('submit', (event) => {
        event.preventDefault();
        this.submit();
      });
      this.text.addEventListener('keydown', (event) => {
        // Enter that ends a Japanese conversion must not send: isComposing, and in Safari only the key code tells.
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this.submit();
      });
      this.text.addEventListener('input', () => this.written());
      this.talk = make('button', { type: 'button', class: 'talk', onclick: () => this.callPerson() }, icon('person'), make('span'));
      return make('div', { class: 'foot' }, this.count, this.composer,
        make('div', { class: 'foot-row' }, this.talk, words.put(make('p', { class: 'small-print' }), 'disclaimer')));
    }

    /** Everything outside the window that matters to it. */
    listen() {
      document.addEventListener('click', (event) => {
        const opener = event.target.closest?.('[data-madoguchi]');
        if (opener) this.open({ opener, text: opener.dataset.madoguchi });
      });
      this.panel.addEventListener('cancel', (event) => {
        if (event.target !== this.panel) return;
        event.preventDefault();
        this.close();
      });
      this.panel.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || event.isComposing || this.sheet.open) return;
        event.preventDefault();
        if (this.menu.hidden) this.close();
        else this.showMenu(false, true);
      });
      this.panel.addEventListener('click', (event) => {
        if (!this.menu.hidden && !event.composedPath().some((one) => one === this.menu || one === this.menuButton)) this.showMenu(false);
      });
      SMALL.addEventListener('change', () => {
        if (!this.panel.open) return;
        const focused = this.shadowRoot.activeElement;
        this.panel.close();
        this.show();
        focused?.focus();
      });
      document.addEventListener('visibilitychange', () => this.markSeen());
      addEventListener('pagehide', () => this.leave());
      addEventListener('pageshow', ({ persisted }) => { if (persisted && remembered.get('known')) this.connect(); });
      addEventListener('storage', ({ key, newValue }) => {   // another tab accepted the notice, or erased everything
        if (key !== 'madoguchi:known') return;
        this.api.token = remembered.get('token');
        if (newValue && !this.accepted) this.connect();
        if (!newValue && this.state) this.gone();
      });
      const fit = () => this.panel.style.setProperty('--visible', `${Math.round(visualViewport.height)}px`);  // what the keyboard of a phone leaves
      visualViewport?.addEventListener('resize', fit);
    }

    // ------------------------------------------------------------ open, close, language

    async open({ opener, text, focus = true }) {
      if (!this.panel.open) {
        this.opener = opener || this.launcher;
        await this.style_;
        this.show();
        this.launcher.hidden = true;
        this.badge.hidden = true;
        this.unread.textContent = '';
        thisTab.set('open', true);
        if (!this.accepted && !this.config) this.prepare();
        this.toEnd();
      }
      if (text) {
        this.text.value = text;
        this.written();
      }
      if (focus) this.focusInside();
      this.markSeen();
    }

    /** On a small screen the window is all there is, and what is behind it out of reach; else it floats and the page stays in use. */
    show() {
      if (SMALL.matches) this.panel.showModal();
      else this.panel.show();
    }

    focusInside() {
      if (!this.gate.hidden) this.noticeTitle.focus();
      else if (!TOUCH.matches && !this.composer.hidden) this.text.focus();
      else this.panel.querySelector('h2').focus();  // a keyboard that springs up would hide the half of a phone
    }

    close() {
      if (!this.panel.open) return;
      this.showMenu(false);
      this.panel.close();
      this.launcher.hidden = false;
      thisTab.set('open', null);
      (this.opener?.isConnected ? this.opener : this.launcher).focus();
    }

    showMenu(on, focus = false) {
      this.menu.hidden = !on;
      this.menuButton.setAttribute('aria-expanded', String(on));
      for (const item of this.own) item.hidden = !this.state;
      if (on) this.furigana.focus();
      else if (focus) this.menuButton.focus();
    }

    /** Changes the language of the window; `chosen` also remembers it and tells the server. */
    setLanguage(code, chosen) {
      words.language = code;
      this.root.lang = code;
      words.refresh(this.shadowRoot);
      this.drawLanguages();
      this.drawState();
      this.drawWelcome();
      if (chosen) {
        remembered.set('language', code);
        if (this.state) this.act('PUT', 'language', { language: code }).then((state) => state && this.hear('state', state));
      }
      if (this.config && this.config.language !== code) this.configure().catch(() => {});
    }

    drawLanguages() {
      const offered = this.config?.languages?.filter(({ code }) => words.table[code]) || Object.keys(words.table).map((code) => ({ code }));
      const name = ({ code, name: given_ }) => given_ || new Intl.DisplayNames([code], { type: 'language' }).of(code);
      const shown = Array.from(this.languages.children, ({ dataset }) => dataset.code);
      if (shown.join() !== offered.map(({ code }) => code).join()) {
        this.languages.replaceChildren(...offered.map((one) => make('button', { type: 'button', lang: one.code, 'data-code': one.code,
          onclick: () => this.setLanguage(one.code, true) }, name(one))));
      }
      for (const button of this.languages.children) button.setAttribute('aria-pressed', String(button.dataset.code === words.language));
    }

    // ------------------------------------------------------------ session

    /** Before there is a session: the notice, from the configuration. Nothing about the person is stored or sent. */
    async prepare() {
      this.showGate(true);
      for (let tries = 0; !this.config; tries += 1) {
        try {
          await this.configure();
          this.connection('live');
          if (this.panel.open && this.gate.contains(this.shadowRoot.activeElement)) this.noticeTitle.focus();
        } catch {
          this.connection('lost');
          await pause(backOff(tries));
        }
      }
    }

    async configure() {
      const { language } = words;
      const config = await this.api.call('GET', `config?language=${encodeURIComponent(language)}`);
      if (language !== words.language) return;
      this.config = config;
      this.noticeTitle.textContent = config.notice.title;
      this.noticeText.replaceChildren(rich(config.notice.text));
      this.noticeText.lang = this.noticeTitle.lang = config.language;
      for (const { form } of this.log.entries) form?.agree?.(config.purposes.contact);
      this.acceptButton.disabled = false;
      this.furigana.hidden = !config.languages.some(({ readings }) => readings !== false);
      this.drawLanguages();
      this.drawWelcome();
      this.drawState();
    }

    showGate(on) {
      this.accepted = !on;
      this.gate.hidden = !on;
      this.composer.hidden = on;
      if (on && !this.config) {
        words.put(this.noticeTitle, 'notice_title');
        this.noticeText.replaceChildren(words.put(make('p'), 'notice_wait'));
        this.acceptButton.disabled = true;
      } else words.shown.set(this.noticeTitle, new Map());
      this.drawWelcome();
    }

    /** The person has read the notice: now there is a session. */
    async accept() {
      if (this.acceptButton.disabled) return;
      this.acceptButton.disabled = true;
      try {
        const { notice } = await this.session();
        if (!notice.accepted) await this.api.call('POST', 'consent', { purpose: 'notice', version: this.config.notice.version, granted: true });
        remembered.set('known', true);
        await this.connect();
        if (this.panel.open) this.focusInside();
        for (const item of this.outbox.items) if (item.failed) this.outbox.retry(item.client_id);
        const { wish } = this;
        this.wish = null;
        if (wish) wish();
      } catch (error) {
        this.note(error);
      } finally {
        this.acceptButton.disabled = false;
      }
    }

    /** A session: the one there is, else a new one. */
    session() {
      this.asking ||= (async () => {
        const body = { language: words.language, transport: settings.transport };
        if (settings.assertion) body.assertion = settings.assertion;
        const session = await this.api.call('POST', 'session', body);
        if (session.token) this.api.keepToken(session.token);
        if (this.state && this.state.conversation !== session.state.conversation) this.forget();
        this.hear('state', session.state);
        return session;
      })().finally(() => { this.asking = null; });
      return this.asking;
    }

    /** History, then the shared stream; tries until it succeeds. A session that has ended is renewed on the way. */
    async connect() {
      if (this.connecting) return;
      this.connecting = true;
      this.showGate(false);
      this.join();
      for (let tries = 0; ; tries += 1) {
        try {
          if (!this.config) await this.configure();
          await this.history();
          break;
        } catch (error) {
          if (error instanceof Refused === false) throw error;
          if (error.code === 'notice_required') {
            this.gone(false);
            break;
          }
          this.connection('lost');
          await pause(error.retryAfter || backOff(tries));
        }
      }
      this.connecting = false;
      if (!this.tabs) return;
      this.loaded();
      if (remembered.get('language') && this.state.language !== words.language) this.setLanguage(words.language, true);
      this.restore();
      this.outbox.run();
    }

    /** Hears the other tabs before the history is asked for, so that nothing falls between; leads only after it. */
    join() {
      if (this.tabs) return;
      const ready = new Promise((resolve) => { this.loaded = resolve; });
      const tabs = new Tabs((on) => {
        if (!on) this.line.stop();
        else ready.then(() => { if (this.tabs === tabs) this.line.start(); });
      }, (kind, data) => this.hear(kind, data));
      this.tabs = tabs;
    }

    leave() {
      this.tabs?.stop();
      this.tabs = null;
    }

    async history() {
      for (let more = true; more;) {
        const page = await this.api.call('GET', `messages?after=${this.cursor}&limit=100`);
        for (const message of page.messages) this.hear('message', message, true);
        this.hear('state', page.state);
        more = page.more && page.messages.length > 0;
      }
      this.connection('live');
      this.drawWelcome();
      this.toEnd();
      this.drawBadge();
    }

    /** What was not confirmed before the page was loaded again. */
    restore() {
      for (const item of [...this.outbox.items]) {
        if (this.log.find(item)?.message.id) this.outbox.done(item.client_id);
        else this.sending(item, item.failed ? 'failed' : 'sending');
      }
    }

    /** An empty window: another conversation, or none. */
    forget() {
      clearTimeout(this.seenTimer);
      this.log.clear();
      this.after.replaceChildren();
      this.rating = null;
      this.cursor = 0;
      this.seen = 0;
      this.state = null;
    }

    // ------------------------------------------------------------ what comes

    /** From the own line: for this tab and the others. */
    fromLine(kind, data) {
      if (kind === 'session_lost') this.api.renew().catch(() => {});
      else {
        this.tabs?.say(kind, data);
        if (kind !== 'beat') this.hear(kind, data);
      }
    }

    hear(kind, data, old = false) {
      if (kind === 'message') this.message(data, old);
      else if (kind === 'state') this.newState(data);
      else if (kind === 'typing') this.showTyping(data);
      else if (kind === 'update') this.log.update(data);
      else if (kind === 'connection') this.connection(data);
      else if (kind === 'erased') this.gone();
    }

    message(message, old) {
      const stay = this.atEnd();
      const fresh = this.log.put(message);
      this.cursor = Math.max(this.cursor, message.seq);
      if (message.client_id) this.outbox.done(message.client_id);
      if (old || !fresh) return;
      this.drawWelcome();
      if (message.author !== 'person') {
        this.showTyping({ on: false });
        this.announce(message);
      }
      this.bringUp(this.log.find(message).node, stay || message.author === 'person');
      this.drawBadge();
      this.markSeen();
    }

    /** Read out once, politely; the focus stays where it is. */
    announce({ author, name, text, language }) {
      const who = author === 'bot' ? words.say('author_bot') : author === 'coordinator' ? name || words.say('someone') : '';
      this.speak(`${who ? `${who}: ` : ''}${text}`, language);
    }

    speak(text, language = words.language) {
      if (!this.panel.open) return;
      const line = make('p', { lang: language }, text);
      this.spoken.append(line);
      setTimeout(() => line.remove(), 1000);
    }

    newState(state) {
      const before = this.state;
      if (before && before.conversation !== state.conversation) {
        this.forget();
        this.state = state;
        this.connect();
        return;
      }
      this.state = state;
      this.seen = Math.max(this.seen, state.seen || 0);
      if (before && before.language !== state.language && state.language !== words.language && words.table[state.language]) this.setLanguage(state.language, false);
      const moved = before?.mode === 'waiting' && state.mode === 'waiting' && before.position !== state.position;
      this.drawState();
      if (moved) this.speak(this.waitText.textContent);
    }

    drawState() {
      const state = this.state || { mode: 'bot', open: this.config?.hours?.open ?? true };
      const { mode } = state;
      const name = state.coordinator || words.say('someone');
      this.panel.dataset.mode = mode;
      words.put(this.who, `who_${mode}`, { name });
      const parts = [words.say('waiting')];
      if (state.position) parts.push(words.say(state.position === 1 ? 'position_next' : 'position', { position: state.position }));
      if (state.wait_minutes) parts.push(words.say('estimate', { minutes: state.wait_minutes }));
      if (mode === 'waiting') this.waitText.replaceChildren(make('b', {}, parts[0]), make('span', {}, parts.slice(1).join(words.say('comma'))));
      this.waitBar.hidden = mode !== 'waiting';
      this.downBar.hidden = !(state.bot_down && (mode === 'bot' || mode === 'closed'));
      words.put(this.talk.lastChild, state.open ? 'talk' : 'talk_closed');
      this.talk.hidden = mode === 'waiting' || mode === 'human';
      this.drawRating(Boolean(state.rating_wanted));
    }

    drawRating(wanted) {
      if (!wanted) this.putAway = false;
      if (wanted === Boolean(this.rating) || (wanted && this.putAway)) return;
      if (wanted) {
        const end = () => {
          this.putAway = true;
          this.drawRating(false);
          this.putAway = true;
          this.focusInside();
        };
        this.rating = ratingForm({ later: end, send: async (body) => {
          await this.api.call('POST', 'rating', body);
          end();
          this.speak(words.say('thanks'));
        } });
        const stay = this.atEnd();
        this.after.append(this.rating);
        this.bringUp(this.rating, stay);
        this.speak(words.say('rating_title'));
      } else {
        this.rating.remove();
        this.rating = null;
      }
    }

    showTyping({ author, name, on }) {
      clearTimeout(this.typingEnds);
      const stay = this.atEnd();
      this.typing.hidden = !on;
      if (!on) return;
      words.put(this.typing.lastChild, author === 'coordinator' ? 'typing_coordinator' : 'typing_bot', { name: name || words.say('someone') });
      if (stay) this.toEnd();
      this.typingEnds = setTimeout(() => { this.typing.hidden = true; }, TYPING_FORGET);
    }

    /** Says that the line is down only when it stays so; a stream that is merely renewed is nobody's business. */
    connection(state) {
      if (state !== 'lost') {
        clearTimeout(this.lostTimer);
        this.lostTimer = null;
        if (!this.lineBar.hidden) this.speak(words.say('back'));
        this.lineBar.hidden = true;
        this.outbox.resume();
      } else this.lostTimer ||= setTimeout(() => {
        this.lineBar.hidden = false;
        this.speak(words.say('lost'));
      }, 2500);
    }

    // ------------------------------------------------------------ what the person does

    /** A call whose failure is told in the note bar. */
    async act(method, path, body) {
      try {
        return await this.api.call(method, path, body);
      } catch (error) {
        this.note(error);
        return null;
      }
    }

    note(error) {
      this.noteText.textContent = error.hint || words.say(error.status === 0 ? 'lost' : 'error');
      this.noteBar.hidden = false;
      this.speak(this.noteText.textContent);
    }

    written() {
      const limit = this.config?.limits?.text || 2000;
      const left = limit - [...this.text.value].length;
      this.text.rows = Math.min(6, this.text.value.split('\n').length);
      this.text.toggleAttribute('aria-invalid', left < 0);
      if (left < 0) words.put(this.count, 'too_long', { count: -left });
      else if (left < limit / 10) words.put(this.count, 'left_to_write', { count: left });
      else words.shown.delete(this.count), this.count.replaceChildren();
      const { mode } = this.state || {};
      if ((mode === 'human' || mode === 'waiting') && this.text.value && Date.now() - (this.typedAt || 0) > TYPING_EVERY) {
        this.typedAt = Date.now();
        this.api.call('POST', 'typing', {}).catch(() => {});
      }
      return left >= 0;
    }

    submit() {
      const text = this.text.value.trim();
      if (!text || !this.written()) return;
      this.text.value = '';
      this.written();
      this.send({ text }, text, words.language);
    }

    send(what, text, language) {
      this.outbox.add({ client_id: newId(), ...what, shown: text, shown_language: language, language: words.language, at: new Date().toISOString() });
      if (!TOUCH.matches) this.text.focus();
    }

    post({ client_id: clientId, text, button, language }) {
      return this.api.call('POST', 'messages', { client_id: clientId, text, button, language, notice_version: this.config?.notice.version });
    }

    /** A message of one's own on its way. */
    sending(item, state, answer) {
      if (state === 'sent') this.log.put(answer.message);
      else {
        const own = { author: 'person', client_id: item.client_id, text: item.shown, language: item.shown_language, at: item.at };
        if (this.log.put(own, state, state === 'failed' ? answer?.hint : null)) this.bringUp(this.log.find(own).node, true);
      }
      if (state === 'failed') {
        this.speak(words.say('failed_said'));
        if (answer?.code === 'notice_required') this.configure().catch(() => {}).then(() => this.showGate(true));
      }
      this.drawWelcome();
    }

    drawWelcome() {
      this.welcome.hidden = !this.accepted || this.log.entries.length > 0;
      const asked = this.config?.suggestions || words.say('suggestions');
      if (!Array.isArray(asked)) return;
      this.suggestions.replaceChildren(...asked.map((text) => make('button', { type: 'button', class: 'choice', onclick: () => this.send({ text }, text, words.language) }, text)));
    }

    async callPerson() {
      if (!this.accepted) {
        this.wish = () => this.callPerson();
        this.noticeTitle.focus();
        return;
      }
      this.talk.disabled = true;
      this.toEnd();
      const state = await this.act('POST', 'handoff', {});
      this.talk.disabled = false;
      if (state) this.hear('state', state);
      if (this.talk.hidden) this.focusInside();
    }

    async stopWaiting() {
      const state = await this.act('DELETE', 'handoff');
      if (state) this.hear('state', state);
      this.focusInside();
    }

    inquiry() {
      const own = this.log.entries.filter(({ message }) => message.author === 'person').at(-1);
      return inquiryForm({
        question: own?.message.text || '', consent: this.config?.purposes?.contact || '',
        send: (body) => this.api.call('POST', 'inquiry', body), later: () => this.focusInside(),
      });
    }

    markSeen() {
      if (!this.panel.open || document.hidden || !this.state) return;
      if (this.cursor <= this.seen) return;
      this.seen = this.cursor;
      clearTimeout(this.seenTimer);
      this.seenTimer = setTimeout(() => this.api.call('POST', 'seen', { seq: this.seen }).catch(() => {}), 500);
    }

    drawBadge() {
      if (this.panel.open) return;
      const count = this.log.entries.filter(({ message }) => message.author !== 'person' && message.seq > this.seen).length;
      const text = count ? words.say(count === 1 ? 'unread_one' : 'unread', { count }) : '';
      this.badge.hidden = !count;
      this.badge.textContent = count;
      if (this.unread.textContent !== text) this.said.textContent = text;
      this.unread.textContent = text;
    }

    // ------------------------------------------------------------ own data

    showNotice() {
      return this.ask(this.config?.notice.title || words.say('notice_title'), rich(this.config?.notice.text), [['ok', 'main', true]]);
    }

    /** A question over the window. Answers with what the pressed button stands for, false on Escape; the focus returns by itself. */
    ask(title, content, answers) {
      return new Promise((resolve) => {
        const buttons = answers.map(([key, kind, value]) => textButton(key, { class: `button ${kind}`, onclick: () => {
          this.sheet.returnValue = '';
          resolve(value);
          this.sheet.close();
        } }));
        this.sheet.replaceChildren(make('h3', { id: 'ask-title', tabindex: '-1' }, title), make('div', { class: 'ask-text' }, content), make('div', { class: 'row' }, ...buttons));
        this.sheet.onclose = () => {
          resolve(false);
          this.menuButton.focus();
        };
        this.sheet.showModal();
        this.sheet.querySelector('h3').focus();
      });
    }

    async download(form) {
      try {
        const response = await this.api.open('GET', form === 'text' ? 'export?form=text' : 'export');
        const address = URL.createObjectURL(await response.blob());
        const day = new Date().toISOString().slice(0, 10);
        make('a', { href: address, download: `madoguchi-${day}.${form === 'text' ? 'txt' : 'json'}` }).click();
        setTimeout(() => URL.revokeObjectURL(address), 10000);
      } catch (error) {
        this.note(error);
      }
    }

    async erase() {
      const sure = await this.ask(words.say('erase_title'), words.say('erase_text'), [['erase_no', '', false], ['erase_yes', 'danger', true]]);
      if (!sure) return;
      try {
        await this.api.call('DELETE', '');
      } catch (error) {
        this.note(error);
        return;
      }
      this.tabs?.say('erased');
      this.gone();
    }

    /** The conversation is no more: erased here or in another tab, or the session has ended; then what was not yet sent is kept. */
    gone(erased = true) {
      const told = erased && Boolean(this.state);
      this.leave();
      if (erased) this.outbox.clear();
      this.forget();
      this.api.keepToken(null);
      remembered.set('known', null);
      if (erased) remembered.set('ticks', null);
      this.showTyping({ on: false });
      this.drawState();
      this.showGate(true);
      if (!told) return;
      this.noteText.textContent = words.say('erased');
      this.noteBar.hidden = false;
      this.speak(words.say('erased'));
      if (this.panel.open) this.noticeTitle.focus();
    }

    // ------------------------------------------------------------ furigana

    switchFurigana() {
      const on = this.furigana.getAttribute('aria-checked') !== 'true';
      this.furigana.setAttribute('aria-checked', String(on));
      remembered.set('furigana', on || null);
      for (const entry of [...this.log.entries].reverse()) {
        if (on) this.read(entry);
        else if (entry.bubble.querySelector('ruby')) this.log.draw(entry);
      }
      this.log.arrange();
    }

    /** Lays readings over one message, when they are wanted and it has kanji. */
    read(entry) {
      const { message, bubble } = entry;
      if (!remembered.get('furigana') || !message.id || message.author === 'person' || !HAN.test(bubble.textContent)) return;
      const wanted = () => remembered.get('furigana') && entry.bubble === bubble && !bubble.querySelector('ruby');
      this.readings = this.readings.then(async () => {
        for (let tries = 0; wanted() && tries < 3; tries += 1) {
          try {
            entry.segments ||= (await this.api.call('GET', `readings?message=${encodeURIComponent(message.id)}`)).segments;
            if (wanted()) annotate(bubble, message.text, entry.segments);
            return;
          } catch (error) {
            if (error.status && error.status !== 429 && error.status < 500) return;
            await pause(error.retryAfter || backOff(tries));
          }
        }
      });
    }

    // ------------------------------------------------------------ scrolling

    atEnd() {
      return this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < 120;
    }

    /** What scrolls: the conversation, or in a very low window the whole panel. */
    get view() {
      return this.scroller.scrollHeight > this.scroller.clientHeight + 1 || this.panel.scrollHeight <= this.panel.clientHeight + 1 ? this.scroller : this.panel;
    }

    toEnd() {
      this.view.scrollTop = this.view.scrollHeight;
      this.newest.hidden = true;
    }

    /** Shows something new: its beginning, when it is longer than the window. Who reads further up is not moved. */
    bringUp(node, stay) {
      if (!stay) {
        this.newest.hidden = !this.panel.open;
        return;
      }
      const { view } = this;
      const top = view.scrollTop + node.getBoundingClientRect().top - view.getBoundingClientRect().top - 12;
      view.scrollTop = Math.min(top, view.scrollHeight - view.clientHeight);
    }
  }

  customElements.define(TAG, Chat);
  const place = () => document.body.append(document.createElement(TAG));
  if (document.body) place();
  else addEventListener('DOMContentLoaded', place);
})();
