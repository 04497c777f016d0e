extension ConsolePage {
  /// The other ends: "all connections" first, then each with its address, age and bytes; they are the targets of what is sent.
  static let peers = #"""
    const LARGEST_PEER_LIST = 300;
    const livePeers = () => [...current.peers.values()].filter((peer) => peer.closed === null);
    const showPeers = () => {
      element("peers-section").hidden = !acceptsPeers(current.settings.protocol);
      element("add-peer").hidden = current.settings.protocol !== "udp";
      element("half-close").hidden = isDatagram(current.settings.protocol);
      const live = livePeers();
      setText(element("peer-count"), String(live.length));
      const now = Date.now();
      const shown = live.slice(0, LARGEST_PEER_LIST);
      showKeyed(element("peers"), [{ peer: null }, ...shown], {
        key: ({ peer }) => `${current.id} ${peer}`,
        create: ({ peer }) => make("div", {
          role: "option", id: `peer-${peer ?? "all"}`, onclick: (event) => choosePeer(peer, event.ctrlKey || event.metaKey || event.shiftKey),
        }, make("bdi"), make("small")),
        update: (row, peer) => updatePeer(row, peer, now),
      });
      setText(element("more-peers"), live.length > shown.length ? word("morePeers", live.length - shown.length) : "");
      const none = current.targets.size === 0;
      for (const id of ["kick", "half-close", "only"]) element(id).disabled = none;
      if (none && isOn(element("only"))) {
        setOn(element("only"), false);
        changeView();
      }
      showTarget();
    };
    const updatePeer = (row, { peer, address, opened, received, sent, status }, now) => {
      const [name, facts] = row.children;
      row.title = address ?? word("allPeers");
      row.setAttribute("aria-selected", String(peer === null ? current.targets.size === 0 : current.targets.has(peer)));
      setText(name, row.title);
      const roundTrip = status?.rtt ? ` · ${rttText(status.rtt)}` : "";
      setText(facts, peer === null ? "" : `${ageText(now - opened)} · ↓${sizeText(received)} ↑${sizeText(sent)}${roundTrip}`);
    };
    const choosePeer = (peer, isAdded) => {
      const { targets } = current;
      current.cursor = peer;
      if (peer === null) targets.clear();
      else if (!isAdded) {
        const wasOnly = targets.size === 1 && targets.has(peer);
        targets.clear();
        if (!wasOnly) targets.add(peer);
      } else if (!targets.delete(peer)) targets.add(peer);
      showPeers();
      if (isOn(element("only"))) changeView();
      showStatusSoon();
    };
    const showTarget = () => {
      const names = [...current.targets].map((peer) => current.peers.get(peer)?.address ?? "");
      element("target").textContent = acceptsPeers(current.settings.protocol)
        ? `→ ${names.length === 0 ? word("allPeers") : names.slice(0, 3).join(", ")}${names.length > 3 ? ` +${names.length - 3}` : ""}`
        : "";
    };
    /// The list shows bytes and ages, which change all the time; people can't read faster than this.
    const showPeersSoon = noMoreThanEach(200, () => showPeers());
    const moveAmongPeers = (event) => {
      const ids = [null, ...livePeers().slice(0, LARGEST_PEER_LIST).map((peer) => peer.peer)];
      const at = Math.max(0, ids.indexOf(current.cursor ?? null));
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: ids.length - 1 };
      if (event.key === "Delete" && current.targets.size > 0) kick();
      else if (event.key === " " || event.key === "Enter") choosePeer(ids[at], true);
      else if (Object.hasOwn(moves, event.key)) {
        current.cursor = ids[Math.min(ids.length - 1, Math.max(0, moves[event.key]))];
        if (!event.shiftKey) current.targets.clear();
        if (current.cursor !== null) current.targets.add(current.cursor);
        showPeers();
      } else return;
      event.preventDefault();
      const id = `peer-${current.cursor ?? "all"}`;
      element("peers").setAttribute("aria-activedescendant", id);
      element(id)?.scrollIntoView({ block: "nearest" });
    };
    const kick = () => Promise.all([...current.targets].map((peer) => ask("kick", { session: current.id, peer: peerNumber(peer) }))).catch(complain);
    const startPeers = () => {
      element("peers").addEventListener("keydown", moveAmongPeers);
      element("kick").addEventListener("click", kick);
      element("half-close").addEventListener("click", () =>
        Promise.all([...current.targets].map((peer) => ask("half-close", { session: current.id, peer: peerNumber(peer) }))).catch(complain));
      element("only").addEventListener("click", () => {
        setOn(element("only"), !isOn(element("only")));
        changeView();
      });
      element("add-peer").addEventListener("submit", (event) => {
        event.preventDefault();
        const input = element("peer-address");
        ask("add-peer", { session: current.id, address: input.value.trim() }).then((answer) => {
          addPeer(current, { peer: peerKey(current, answer.peer), address: input.value.trim() }, Date.now());
          input.value = "";
          showPeers();
        }).catch(complain);
      });
      setInterval(() => current && current.peers.size > 0 && showPeersSoon(), 1000);
    };

    """#
}
