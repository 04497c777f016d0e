extension ConsolePage {
  /// Sessions, their tabs, and what the program's events change in them.
  static let sessions = #"""
    const sessions = new Map();
    let current = null;
    const defaults = () => ({ protocol: "tcp-server", local: "127.0.0.1:8080", remote: "", encoding: "utf-8", framing: "raw" });
    const isRunning = (session) => ["opening", "open", "listening"].includes(session.state);

    class Session {
      constructor(id, settings) {
        this.id = id;
        this.isDraft = false;
        this.statusEvery = null;
        this.settings = settings;
        this.state = "closed";
        this.text = "";
        this.command = "";
        this.local = [];
        /// Counts its openings: each numbers its peers anew.
        this.opening = 0;
        this.peers = new Map();
        /// The peers that are spoken to; none stands for all.
        this.targets = new Set();
        this.counters = { received: { bytes: 0, messages: 0 }, sent: { bytes: 0, messages: 0 } };
        this.zero = structuredClone(this.counters);
        this.skipped = { messages: 0, bytes: 0 };
        this.store = new MessageStore(view.keep);
        this.held = new Map();
        this.forwarded = new Map();
        this.isHolding = false;
        this.cycle = null;
        this.recording = null;
        this.rates = [];
        this.pausedAt = null;
        this.unread = 0;
      }

      get name() {
        const { name, protocol, remote, local } = this.settings;
        const listening = acceptsPeers(protocol) && isRunning(this) ? this.local[0] : null;
        return name || listening || (usesRemote(protocol) ? remote : local) || word(protocol);
      }
    }

    /// A peer of one opening, among those of all.
    const OPENING = 2 ** 32;
    const peerKey = (session, number) => session.opening * OPENING + number;
    const peerNumber = (key) => key % OPENING;
    const beginOpening = (session) => {
      for (const peer of session.peers.values()) peer.closed ??= Date.now();
      session.targets.clear();
      session.held.clear();
      session.forwarded.clear();
      session.isHolding = false;
      session.opening += 1;
    };
    let drafts = 0;
    /// A session of this page's own, which the program hears of when it is opened.
    const addSession = (settings = defaults()) => {
      drafts += 1;
      const session = new Session(`draft-${drafts}`, settings);
      session.isDraft = true;
      sessions.set(session.id, session);
      choose(session);
      return session;
    };
    /// The program has given a session its name; its tab stays where it is.
    const rekey = (session, id) => {
      const all = [...sessions].map(([old, each]) => [each === session ? id : old, each]);
      sessions.clear();
      for (const [key, each] of all) sessions.set(key, each);
      Object.assign(session, { id, isDraft: false });
    };
    /// Another program knows nothing of it; what it is and what it has received stays.
    const becomeDraft = (session) => {
      drafts += 1;
      rekey(session, `draft-${drafts}`);
      beginOpening(session);
      Object.assign(session, { isDraft: true, state: "closed", local: [], cycle: null, recording: null, statusEvery: null });
    };
    /// Takes in a session as the program tells of it.
    const adopt = (found, session = sessions.get(found.id) ?? new Session(found.id, settingsFrom(found.settings))) => {
      if (session.id !== found.id) rekey(session, found.id);
      sessions.set(session.id, session);
      const { rules: theirs, ...settings } = settingsFrom(found.settings);
      session.settings = { ...session.settings, ...settings, rules: session.settings.rules ?? (theirs?.length ? theirs : view.rules[found.id]) ?? [] };
      if (found.name) session.settings.name = found.name;
      Object.assign(session, { state: found.state, text: found.text ?? "", command: found.command ?? "", local: found.local ?? [] });
      session.counters = found.counters ?? session.counters;
      session.recording = found.record ? { file: found.record } : null;
      // A file that is being sent is this page's own doing, and has no number.
      if (!session.cycle || session.cycle.id) session.cycle = found.cycles?.length ? { id: found.cycles.at(-1), isRunning: true } : null;
      for (const old of session.peers.values()) old.closed ??= Date.now();
      for (const peer of found.peers ?? []) addPeer(session, { ...peer, peer: peerKey(session, peer.peer) }, peer.since ?? Date.now());
      return session;
    };
    /// Events of sessions that this page hasn't heard of: the answer to its `open` may come after the first of them, and
    /// another page may have opened one.
    const strays = { events: [], bytes: 0, opening: new Set(), areCounted: false };
    /// What strays cost at most, in bytes; later ones are told by nobody, and what is known of their sessions is asked for.
    const MOST_STRAYS = 8 << 20;
    const keepStray = (event) => {
      strays.bytes += 200 + (event.data?.length ?? 0) + (event.text?.length ?? 0);
      if (strays.bytes > MOST_STRAYS) return;
      // What came in a block would keep all of it.
      strays.events.push(event.data ? { ...event, data: event.data.slice(), text: event.text?.slice() ?? null } : event);
      if (strays.events.length === 1) setTimeout(() => takeStrays().catch(complain), 500);
    };
    const openSession = async (session) => {
      strays.opening.add(session);
      try {
        const answer = await ask("open", { ...(session.isDraft ? {} : { session: session.id }), settings: settingsToSend(session) });
        adopt(answer.session, session);
      } finally {
        const done = () => {
          strays.opening.delete(session);
          return takeStrays();
        };
        // An attempt that was refused may have got its number all the same, in an event that is still on its way.
        if (session.isDraft) pass(500).then(done).catch(complain);
        else await done();
      }
    };
    const takeStrays = async () => {
      if (strays.opening.size > 0 || strays.events.length === 0) return;
      const events = strays.events.splice(0);
      strays.bytes = 0;
      if (events.some((event) => !sessions.has(event.session))) {
        for (const found of (await ask("hello", {})).sessions) if (!sessions.has(found.id)) adopt(found);
      }
      // What came before the answer is counted in the answer.
      strays.areCounted = true;
      for (const event of events) if (sessions.has(event.session)) takeEvent(event);
      strays.areCounted = false;
      showTabs();
    };

    const addPeer = (session, { peer, address, local, received, sent }, opened) => {
      if (session.peers.get(peer)?.closed === null) return;
      session.peers.set(peer, { peer, address, local, opened, received: received ?? 0, sent: sent ?? 0, closed: null });
      // The ends of a server that has been up for weeks would pile up otherwise.
      if (session.peers.size <= 4000) return;
      for (const old of session.peers.values()) {
        if (old.closed === null) continue;
        session.peers.delete(old.peer);
        return;
      }
    };

    const choose = (session) => {
      current = session;
      session.unread = 0;
      setFollow(true);
      showSession();
    };
    const showSession = () => {
      if (!current) return;
      showTabs();
      showPanel();
      showPeers();
      showCounters();
      showCycle();
      showRates();
      showRecording();
      showRules();
      showHeld();
      showStatus();
      askForStatus();
      changeView();
    };
    const makeTab = (session) => make("div", {
      role: "tab", onclick: () => choose(session), ondblclick: () => renameSession(session), onkeydown: (event) => tabKey(event, session),
    }, make("span", { class: "dot" }), make("bdi", { class: "name" }), make("small"), make("button", {
      tabindex: -1, class: "bare",
      onclick: (event) => {
        event.stopPropagation();
        removeSession(session);
      },
    }, "×"));
    const updateTab = (tab, session) => {
      const isChosen = session === current;
      const [, name, unread, close] = tab.children;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      tab.dataset.state = session.state;
      tab.title = session.name;
      setText(name, session.name);
      unread.hidden = session.unread === 0;
      setText(unread, session.unread > 999 ? "999+" : String(session.unread));
      close.title = word("closeSession");
      close.setAttribute("aria-label", `${word("closeSession")} ${session.name}`);
    };
    const showTabs = () =>
      showKeyed(element("tabs"), [...sessions.values()], { key: (session) => session, create: makeTab, update: updateTab });
    const showTabsSoon = eachFrame(() => showTabs());
    const tabKey = (event, session) => {
      const all = [...sessions.values()];
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) choose(all[(all.indexOf(session) + step + all.length) % all.length]);
      else if (event.key === "Delete") removeSession(session);
      else if (event.key === "F2") renameSession(session);
      else if (event.key === "Enter" || event.key === " ") choose(session);
      else return;
      event.preventDefault();
      element("tabs").querySelector("[aria-selected=true]")?.focus();
    };
    const removeSession = async (session) => {
      if (!session.isDraft) await ask("remove", { session: session.id }).catch(complain);
      sessions.delete(session.id);
      if (sessions.size === 0) addSession();
      else if (current === session) choose(sessions.values().next().value);
      else showTabs();
    };
    const renameSession = (session) => askText(word("rename"), session.settings.name ?? "", (name) => {
      session.settings.name = name;
      if (!session.isDraft) ask("rename", { session: session.id, name }).catch(complain);
      showTabs();
      saveSoon();
    });

    /// A line of the session's own among its messages.
    const note = (session, time, peer, text, source) => {
      session.store.append(NOTICE, time ?? Date.now(), peer, nothing, encoder.encode(text ?? ""), 0, source);
      if (session === current) messagesCame();
    };
    const marksOf = ({ marks, source }) => [...(marks ?? []), ...(source ? [source] : [])].join(" ") || null;
    const takeMessage = (session, event, kind) => {
      session.store.append(kind, event.time, event.peer, event.data, event.text, event.bytes, event.origin ?? marksOf(event));
      if (event.origin === "up" || event.origin === "down") rememberForwarded(session, event.n);
      const peer = session.peers.get(event.peer);
      if (peer && !strays.areCounted) peer[kind === SENT ? "sent" : "received"] += event.bytes;
      if (session === current) messagesCame();
      else if (kind === RECEIVED) {
        session.unread += 1;
        showTabsSoon();
      }
    };
    const eventHandlers = {
      opened: (session, event) => {
        addPeer(session, event, event.time);
        note(session, event.time, event.peer, word("openedNote", event.address), "opened");
        if (!acceptsPeers(session.settings.protocol) && event.local) session.local = [event.local];
      },
      closed: (session, event) => {
        const peer = session.peers.get(event.peer);
        if (peer) Object.assign(peer, { closed: event.time, cause: event.text ?? event.cause });
        session.targets.delete(event.peer);
        const cause = word("closedNote", peer?.address ?? "", event.text || event.cause, ageText(event.lasted ?? 0));
        note(session, event.time, event.peer, cause, "closed");
      },
      ended: (session, event) => note(session, event.time, event.peer, word(event.side === "ours" ? "endedOurs" : "endedTheirs")),
      retrying: (session, event) => note(session, event.time, 0, word("retryingNote", event.attempt, event.text, event.after)),
      notice: (session, event) => note(session, event.time, event.peer, event.text, "notice"),
      received: (session, event) => takeMessage(session, event, RECEIVED),
      sent: (session, event) => takeMessage(session, event, SENT),
      skipped: (session, event) => {
        session.skipped.messages += event.messages;
        session.skipped.bytes += event.bytes;
      },
      counters: (session, event) => {
        session.counters = { received: event.received, sent: event.sent };
        countRate(session, event);
      },
      state: (session, event) => {
        if (event.state === "opening") beginOpening(session);
        Object.assign(session, { state: event.state, text: event.text ?? "" });
        if (event.local) session.local = event.local;
        if (event.command) session.command = event.command;
        if (event.name) session.settings.name = event.name;
        if (event.state === "failed" && event.text) note(session, event.time, 0, event.text, "failed");
        if (!isRunning(session)) {
          session.local = [];
          if (session.cycle && !session.cycle.id) stopCycle(session);
        }
        showTabsSoon();
      },
      status: (session, event) => takeStatus(session, event),
      "cycle-ended": (session, event) => endCycle(session, event.cycle, event.text),
      held: (session, event) => session.held.set(event.n, event.direction),
      removed: (session) => {
        sessions.delete(session.id);
        if (sessions.size === 0) addSession();
        else if (current === session) choose(sessions.values().next().value);
        showTabsSoon();
      },
    };
    const takeEvent = (event) => {
      if (event.session === undefined) {
        if (event.event === "notice") say(event.text, true);
        // The page was behind for so long that it wasn't told who came and went: what is there is asked for anew.
        if (event.event === "missed") greet().catch(complain);
        return;
      }
      const session = sessions.get(event.session);
      if (!session && event.event !== "removed") {
        const [draft] = strays.opening;
        // Its number is known before it has been opened, so that the attempt can be given up.
        if (draft?.isDraft && event.event === "state" && event.state === "opening") {
          rekey(draft, event.session);
          takeEvent(event);
          return;
        }
        keepStray(event);
        return;
      }
      if (!session || !Object.hasOwn(eventHandlers, event.event)) return;
      if (event.peer !== undefined) event.peer = peerKey(session, event.peer);
      eventHandlers[event.event](session, event);
      if (session === current) showSoon(event.event);
    };
    const changed = new Set();
    const showChanges = eachFrame(() => {
      if (["state", "opened"].some((name) => changed.has(name))) showPower();
      if (["opened", "closed", "received", "sent"].some((name) => changed.has(name))) showPeersSoon();
      if (["counters", "skipped"].some((name) => changed.has(name))) showCounters();
      if (changed.has("state") || changed.has("held")) showHeld();
      if (changed.has("state")) {
        showRecording();
        askForStatus();
      }
      if (changed.has("status") || changed.has("closed")) showStatusSoon();
      if (changed.has("state") || changed.has("cycle-ended")) showCycle();
      changed.clear();
    });
    const showSoon = (name) => {
      changed.add(name);
      showChanges();
    };

    """#
}
