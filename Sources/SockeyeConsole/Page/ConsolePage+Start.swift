extension ConsolePage {
  /// Keys that work everywhere, and the beginning.
  static let start = #"""
    const everywhere = {
      "Alt+N": () => element("add").click(),
      "Alt+O": () => power().catch(complain),
      "Alt+P": togglePause,
      "Alt+L": clearMessages,
    };
    const globalKey = (event) => {
      if (element("dialog").open) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") {
        event.preventDefault();
        document.body.dataset.view = "messages";
        element("search").focus();
        return;
      }
      const name = keyName(event);
      if (!name) return;
      const row = view.quick.find((each) => each.key === name);
      const session = [...sessions.values()][Number(name.slice(4)) - 1];
      if (row) sendQuick(row).catch(complain);
      else if (Object.hasOwn(everywhere, name)) everywhere[name]();
      else if (/^Alt\+[1-9]$/.test(name) && session) choose(session);
      else return;
      event.preventDefault();
    };
    const startViews = () => {
      for (const button of element("views").children) {
        button.addEventListener("click", () => showView(button.dataset.view));
      }
      showView("connection");
    };
    const showView = (name) => {
      document.body.dataset.view = name;
      for (const button of element("views").children) setOn(button, button.dataset.view === name);
    };
    const closeMenus = (event) => {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        if (event.key === "Escape" || (event.type === "click" && !menu.contains(event.target))) menu.open = false;
      }
    };

    startPanel();
    startPeers();
    startList();
    startReceiving();
    startFinding();
    startComposing();
    startSending();
    startQuick();
    startRates();
    startHolding();
    startSettings();
    addEventListener("keydown", globalKey);
    addEventListener("keydown", closeMenus);
    addEventListener("click", closeMenus);
    showAll();
    startViews();
    addEventListener("hashchange", () => tokenCame().catch(complain));
    exchangeToken().then(connectChannel, connectChannel);

    """#
}
