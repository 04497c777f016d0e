extension ConsolePage {
  /// What is kept from one day to the next: how things are shown, drafts, history, quick messages; and their files.
  static let settings = #"""
    const standard = () => ({
      language: navigator.language.startsWith("zh") ? "zh" : "en", theme: "system", keep: 100_000, fontSize: 13,
      show: "text", log: true, wrap: true, follow: true, json: false, ansi: true,
      form: "text", escapes: false, variables: false, ending: "none", check: "", checkFrom: 0, checkEnd: 0, checkOrder: "big",
      emptyAfter: false, byLine: false, interval: "1000", times: "",
      remotes: [], history: [], quick: [], group: "", drafts: [], rules: {},
    });
    const view = standard();
    const themes = ["system", "light", "dark"];
    const choices = { language: ["en", "zh"], theme: themes, show: ["text", "hex", "both"], form: ["text", "hex"],
      ending: ["none", "cr", "lf", "crlf"], checkOrder: ["big", "little"] };
    const MOST_SESSIONS = 256;
    const LARGEST_IMPORT = 8 << 20;
    const cleanText = (text) => typeof text === "string" && text.length <= LONGEST_QUICK;
    const cleaners = {
      remotes: (found) => found.filter(cleanText).slice(0, 30),
      history: (found) => found.map((each) => ({ form: each?.form === "hex" ? "hex" : "text", text: each?.text }))
        .filter(({ text }) => cleanText(text)).slice(0, LONGEST_HISTORY),
      quick: (found) => found.slice(0, MOST_QUICK).map(cleanQuick).filter(Boolean),
      drafts: (found) => found.filter((each) => Object.hasOwn(protocols, each?.protocol ?? "")).slice(0, MOST_SESSIONS).map(cleanSettings),
    };
    const settingKeys = () => ["name", "protocol", "remote", "local", "encoding", ...moreOptions.map(({ key }) => key)];
    const cleanSettings = (found) => ({
      ...Object.fromEntries(settingKeys()
        .filter((key) => Object.hasOwn(found, key) && ["string", "boolean", "number"].includes(typeof found[key]))
        .map((key) => [key, found[key]])),
      rules: Array.isArray(found.rules) ? cleanRules(found.rules) : [],
    });
    /// Takes what is of the right kind from a state of before or of somebody else's, member by member.
    const takeState = (found) => {
      if (typeof found !== "object" || found === null) return;
      for (const [name, ours] of Object.entries(standard())) {
        if (!Object.hasOwn(found, name)) continue;
        const theirs = found[name];
        if (name === "rules") {
          view.rules = Object.fromEntries(Object.entries(isObject(theirs) ? theirs : {}).slice(0, 256)
            .filter(([, rules]) => Array.isArray(rules)).map(([id, rules]) => [id, cleanRules(rules)]));
        } else if (Object.hasOwn(cleaners, name)) {
          if (Array.isArray(theirs)) view[name] = cleaners[name](theirs);
        } else if (typeof theirs === typeof ours && (!Object.hasOwn(choices, name) || choices[name].includes(theirs))) view[name] = theirs;
      }
      view.keep = Math.min(1_000_000, Math.max(100, Math.trunc(view.keep) || 100_000));
      view.fontSize = Math.min(24, Math.max(10, Math.trunc(view.fontSize) || 13));
      view.follow = true;
    };
    let stateIsLoaded = false;
    const loadState = (found) => {
      if (stateIsLoaded) return;
      stateIsLoaded = true;
      takeState(found ?? remembered());
      for (const settings of view.drafts) addSession(settings);
      showAll();
    };
    const stateToSave = () => ({
      ...view, drafts: [...sessions.values()].filter((session) => session.isDraft).map((session) => session.settings),
      rules: Object.fromEntries([...sessions.values()].filter((session) => !session.isDraft && session.settings.rules?.length)
        .map((session) => [session.id, session.settings.rules])),
    });
    /// All that the browser keeps: the sessions that the program knows are drafts to another one.
    const everything = () => ({ ...stateToSave(), rules: {}, drafts: [...sessions.values()].map((session) => session.settings) });
    /// The program keeps the state for its pages as long as it runs; for its next start at the same address the browser does.
    const MEMORY = "sockeye-console";
    const saveSoon = afterwards(500, () => {
      if (!stateIsLoaded) return;
      ask("save-state", { state: stateToSave() }).catch(complain);
      try {
        localStorage.setItem(MEMORY, JSON.stringify(everything()));
      } catch {
        // A browser that keeps nothing is its owner's wish.
      }
    });
    const remembered = () => {
      try {
        return JSON.parse(localStorage.getItem(MEMORY));
      } catch {
        return null;
      }
    };

    const showTheme = () => {
      const root = document.documentElement;
      if (view.theme === "system") delete root.dataset.theme;
      else root.dataset.theme = view.theme;
      element("theme").textContent = { system: "◐", light: "☀", dark: "☾" }[view.theme];
      root.style.setProperty("--list-size", `${view.fontSize}px`);
      element("language").textContent = view.language === "zh" ? "EN" : "中文";
    };
    /// Everything anew, as after a change of language.
    const showAll = () => {
      speak();
      showTheme();
      showReceiving();
      showComposing();
      showSending();
      fillOffers();
      showQuick();
      if (current) showSession();
      previewSoon();
    };
    /// An export is what the program keeps, too: `--session` opens it, and `--state` begins with it.
    const exported = () => ({
      sessions: [...sessions.values()].map((session) => ({ settings: settingsToSend(session) })),
      state: { ...stateToSave(), drafts: [], rules: {} },
    });
    const exportAll = () =>
      download(`sockeye-console-${stamp()}.json`, [JSON.stringify(exported(), null, 2)], "application/json");
    /// What a file has for us; a sentence where that is nothing.
    const readImport = async (file) => {
      let found = null;
      try {
        if (file.size <= LARGEST_IMPORT) found = JSON.parse(await file.text());
      } catch {
        // It is none of ours, whatever the reason.
      }
      const names = ["sessions", ...Object.keys(standard())];
      if (!isObject(found) || !names.some((name) => Object.hasOwn(found, name))) throw new Error(word("noSettings", file.name));
      return found;
    };
    const draftsOf = (found) => cleaners.drafts(found.filter(isObject)
      .map((each) => settingsFrom(isObject(each.settings) ? each.settings : each)));
    const importAll = async () => {
      const file = await chooseFile(".json");
      if (!file) return;
      const found = await readImport(file);
      view.drafts = [];
      takeState(Array.isArray(found.sessions) ? found.state : found);
      if (Array.isArray(found.sessions)) view.drafts.unshift(...draftsOf(found.sessions));
      for (const settings of view.drafts.slice(0, MOST_SESSIONS - sessions.size)) addSession(settings);
      showAll();
      saveSoon();
    };
    const showSettings = () => {
      const number = (name, apply) => make("input", {
        type: "number", value: view[name],
        onchange: (event) => {
          takeState({ [name]: Number(event.target.value) });
          event.target.value = view[name];
          apply();
          saveSoon();
        },
      });
      const keys = [["Ctrl+Enter", "send"], ["↑ ↓", "history"], ["Alt+O", "keyPower"], ["Alt+N", "newSession"], ["Alt+1…9", "keySession"],
        ["Ctrl+F", "search"], ["Alt+P", "pause"], ["Alt+L", "clear"], ["Enter", "keyMessage"], ["B", "bookmark"], ["Shift+B", "nextBookmark"], ["End", "follow"]];
      const dialog = showDialog(word("settings"),
        make("div", { class: "grid" },
          field("keepLast", number("keep", () => {
            for (const session of sessions.values()) session.store.setLimit(view.keep);
            changeView();
          })),
          field("fontSize", number("fontSize", () => {
            showTheme();
            redraw();
          }))),
        make("div", { class: "bar" },
          worded("button", "exportAll", { onclick: exportAll }),
          worded("button", "importAll", { onclick: () => importAll().catch(complain).finally(() => dialog.close()) })),
        make("p", { class: "quiet", id: "kept" }, word("kept", sizeText(storedBytes()), sizeText(LARGEST_STORES))),
        make("h3", {}, word("keys")),
        make("table", {}, keys.map(([key, name]) =>
          make("tr", {}, make("td", {}, make("kbd", {}, key)), make("td", {}, word(name))))));
    };
    const startSettings = () => {
      element("settings").addEventListener("click", showSettings);
      element("language").addEventListener("click", () => {
        view.language = view.language === "zh" ? "en" : "zh";
        say("");
        showAll();
        saveSoon();
      });
      element("theme").addEventListener("click", () => {
        view.theme = themes[(themes.indexOf(view.theme) + 1) % themes.length];
        showTheme();
        showRates();
        saveSoon();
      });
    };

    """#
}
