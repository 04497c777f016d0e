extension ConsolePage {
  /// The live channel to the program: requests with their answers, events as they come, and a new attempt when it breaks.
  static let channel = #"""
    const channel = {
      socket: null,
      /// What the program said of itself: encodings, framings, checksums, addresses.
      offers: {},
      number: 0,
      waiting: new Map(),
      delay: 250,
    };

    /// Gives the token in the URL's fragment for a cookie, and takes it out of the address bar and of the history.
    const exchangeToken = async () => {
      const token = new URLSearchParams(location.hash.slice(1)).get("token");
      if (!token) return;
      history.replaceState(null, "", location.pathname);
      await fetch("/token", { method: "POST", body: token, credentials: "same-origin" });
    };

    /// The URL of a program that was started anew, opened where the page is already, changes the fragment and nothing else.
    const tokenCame = async () => {
      await exchangeToken();
      channel.delay = 250;
      channel.socket?.close();
    };

    const connectChannel = () => {
      const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
      socket.binaryType = "arraybuffer";
      channel.socket = socket;
      showLink("connecting");
      socket.addEventListener("open", () => greet().catch(complain));
      socket.addEventListener("message", ({ data }) => (typeof data === "string" ? take(JSON.parse(data)) : takeBlock(data)));
      socket.addEventListener("close", () => {
        for (const { reject } of channel.waiting.values()) reject(new Error(word("linkLost")));
        channel.waiting.clear();
        showLink("lost");
        setTimeout(connectChannel, channel.delay);
        channel.delay = Math.min(channel.delay * 2, 5000);
      });
    };
    const showLink = (state) => {
      element("link").dataset.state = state;
      element("link").textContent = state === "open" ? "" : word(state === "lost" ? "linkLost" : "linkConnecting");
    };

    /// Has the program do something; the answer, or an error that says what was wrong.
    const ask = (op, fields) => new Promise((resolve, reject) => {
      if (channel.socket?.readyState !== WebSocket.OPEN) {
        reject(new Error(word("linkLost")));
        return;
      }
      channel.number += 1;
      channel.waiting.set(channel.number, { resolve, reject });
      channel.socket.send(JSON.stringify({ id: channel.number, op, ...fields }));
    });
    const take = (message) => {
      if (message.events) return message.events.forEach((event) => takeEvent("data" in event ? messageOfJSON(event) : event));
      const asker = channel.waiting.get(message.id);
      if (!asker) return;
      channel.waiting.delete(message.id);
      if (message.ok) asker.resolve(message);
      else asker.reject(Object.assign(new Error(message.error?.text ?? word("refused")), { kind: message.error?.kind }));
    };
    const greet = async () => {
      const offers = await ask("hello", { blocks: true });
      channel.offers = offers;
      channel.delay = 250;
      showLink("open");
      loadState(offers.state);
      fillOffers();
      const known = new Set(offers.sessions.map((found) => found.id));
      for (const session of [...sessions.values()]) if (!session.isDraft && !known.has(session.id)) becomeDraft(session);
      for (const found of offers.sessions) adopt(found);
      if (sessions.size === 0) addSession();
      if (!current || !sessions.has(current.id)) choose(sessions.values().next().value);
      showSession();
    };

    """#
}
