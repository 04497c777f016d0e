extension ConsolePage {
  /// What TCP is doing for each connection, once a second: numbers, and a plot of the round-trip time.
  static let status = #"""
    const LONGEST_TIMES = PLOT_SECONDS;
    const rttText = (milliseconds) => `${milliseconds < 10 ? milliseconds.toFixed(2) : Math.round(milliseconds)} ms`;
    /// Asks for it while somebody may look: the program tells nobody who hasn't asked.
    const askForStatus = () => {
      for (const session of sessions.values()) {
        if (session.isDraft || isDatagram(session.settings.protocol) || isUnix(session.settings.protocol)) continue;
        const every = session === current && isRunning(session) ? "1s" : null;
        if (session.statusEvery === every) continue;
        session.statusEvery = every;
        ask("status", { session: session.id, every }).catch(() => { session.statusEvery = null; });
      }
    };
    const takeStatus = (session, event) => {
      const peer = session.peers.get(event.peer);
      if (!peer) return;
      peer.status = event;
      peer.times ??= [];
      if (Number.isFinite(event.rtt)) peer.times.push({ time: event.time, value: event.rtt });
      if (peer.times.length > LONGEST_TIMES) peer.times.shift();
    };
    const statusRows = [
      ["state", String], ["rtt", rttText], ["rttVariation", rttText], ["rto", rttText], ["congestionWindow", sizeText],
      ["slowStartThreshold", sizeText], ["sendQueue", sizeText], ["receiveQueue", sizeText], ["receiveSpace", sizeText],
      ["segmentSize", sizeText], ["pathMTU", sizeText], ["retransmissions", numberText], ["lost", numberText],
      ["minimumRtt", rttText], ["inFlight", sizeText], ["sendWindow", sizeText], ["deliveryRate", rateText], ["pacingRate", rateText],
      ["timeouts", numberText], ["recovery", (name) => word(`recovery-${name}`)], ["tcp", (name) => word(`tcp-${name}`)],
    ];
    /// The connection that is shown: the one that is chosen, or the first.
    const watchedPeer = () => current.peers.get([...current.targets][0]) ?? livePeers().find((peer) => peer.status)
      ?? [...current.peers.values()].findLast((peer) => peer.status);
    /// A connection can be drawn as long as its session isn't opened again.
    const showDiagram = ({ peer }) => {
      const isKept = current.settings.diagrams === true && peer === peerKey(current, peerNumber(peer));
      element("diagram").hidden = !isKept;
      if (isKept) element("diagram").href = `/diagram/${encodeURIComponent(current.id)}/${peerNumber(peer)}`;
    };
    const showStatus = () => {
      const peer = watchedPeer();
      const status = peer?.status;
      element("status-section").hidden = !status;
      if (!status) return;
      setText(element("status-peer"), peer.address);
      showDiagram(peer);
      const shown = statusRows.filter(([name]) => status[name] !== undefined && status[name] !== null);
      showKeyed(element("status-table"), shown, {
        key: ([name]) => `${view.language} ${name}`,
        create: ([name]) => make("tr", {}, make("th", { scope: "row" }, word(`status-${name}`)), make("td")),
        update: (row, [name, text]) => setText(row.lastChild, text(status[name])),
      });
      plot(element("rtts"), [{ points: peer.times, like: "count-in" }], rttText, 0.1);
    };
    const showStatusSoon = eachFrame(() => current && showStatus());

    """#
}
