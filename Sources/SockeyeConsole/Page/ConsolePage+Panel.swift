extension ConsolePage {
  /// The connection: protocol, address, port, one large button, and what else a session may be told.
  static let panel = #"""
    /// What each protocol asks for, in which order, and what the button says while it is closed.
    const protocols = {
      "udp": { fields: ["local", "remote"], power: "openIt", peers: true },
      "tcp-client": { fields: ["remote"], power: "connect" },
      "tcp-server": { fields: ["local"], power: "listen", peers: true },
      "tls-client": { fields: ["remote"], power: "connect" },
      "tls-server": { fields: ["local"], power: "listen", peers: true },
      "multicast": { fields: ["remote"], power: "openIt", peers: true },
      "unix-client": { fields: ["remotePath"], power: "connect" },
      "unix-server": { fields: ["localPath"], power: "listen", peers: true },
      "forwarder": { fields: ["local", "remote"], power: "listen", peers: true },
    };
    const usesRemote = (protocol) => protocols[protocol]?.fields[0].startsWith("remote") ?? true;
    const acceptsPeers = (protocol) => protocols[protocol]?.peers ?? false;
    /// What may be told beside that, and for which protocols.
    const isClient = (protocol) => protocol.endsWith("-client");
    const isTLS = (protocol) => protocol.startsWith("tls");
    const isDatagram = (protocol) => protocol === "udp" || protocol === "multicast";
    const isUnix = (protocol) => protocol.startsWith("unix");
    const moreOptions = [
      { key: "local", of: (protocol) => ["tcp-client", "tls-client", "multicast"].includes(protocol), list: "addresses" },
      { key: "framing", of: (protocol) => !isDatagram(protocol), list: "framings" },
      { key: "reconnect", of: isClient, kind: "checkbox" },
      { key: "connectTimeout", of: isClient, hint: "10s" },
      { key: "idle", of: () => true, hint: "30s" },
      { key: "certificate", of: isTLS },
      { key: "key", of: isTLS },
      { key: "ca", of: isTLS },
      { key: "insecure", of: (protocol) => protocol === "tls-client", kind: "checkbox" },
      { key: "interface", of: (protocol) => protocol === "multicast" },
      { key: "ttl", of: isDatagram, kind: "number" },
      { key: "loopback", of: (protocol) => protocol === "multicast", kind: "checkbox", standard: true },
      { key: "broadcast", of: (protocol) => protocol === "udp", kind: "checkbox" },
      { key: "heartbeat", of: () => true, hint: "PING\\r\\n" },
      { key: "heartbeatInterval", of: () => true, hint: "10s" },
      { key: "diagrams", of: (protocol) => channel.offers.diagrams && !isDatagram(protocol) && !isUnix(protocol), kind: "checkbox" },
      { key: "peerEnd", of: (protocol) => !isDatagram(protocol), kind: "select", values: () => ["close", "hold"] },
    ];

    /// An endpoint's host and port; the host of IPv6 stands in brackets before a port.
    const splitEndpoint = (text) => {
      const found = /^(?:\[(.*)\]|([^:]*)|(.*:.*:.*?))(?::(\d+))?$/.exec(text ?? "");
      return found ? [found[1] ?? found[2] ?? found[3] ?? "", found[4] ?? ""] : [text, ""];
    };
    const joinEndpoint = (host, port) => {
      if (!host && !port) return "";
      return `${host.includes(":") ? `[${host}]` : host}:${port || 0}`;
    };

    const fillOffers = () => {
      const { encodings = ["utf-8"], addresses = [], checksums = [] } = channel.offers;
      element("addresses").replaceChildren(...addresses.map((address) => option(address)));
      fillRemotes();
      const names = protocolNames();
      offer(element("protocol"), names);
      channel.encodingPairs = encodings.map((name) => [name, name.toUpperCase()]);
      offer(element("check"), [["", word("none")], ...checksums.map((name) => [name.name ?? name, name.name ?? name])], view.check);
      view.check = element("check").value;
      showCheckRange();
    };
    const protocolNames = () => (channel.offers.protocols ?? Object.keys(protocols))
      .filter((name) => Object.hasOwn(protocols, name)).map((name) => [name, word(name)]);

    const endpointField = (name, key) => {
      const [host, port] = splitEndpoint(current.settings[name]);
      const list = name === "local" ? "addresses" : "remotes";
      return [
        field(key, make("input", { id: `${name}-host`, list, value: host, spellcheck: "false", oninput: readPanel })),
        field("port", make("input", { id: `${name}-port`, value: port, inputmode: "numeric", pattern: "[0-9]*", oninput: readPanel })),
      ];
    };
    const fieldMakers = {
      local: () => endpointField("local", "localHost"),
      remote: () => endpointField("remote", current.settings.protocol === "multicast" ? "multicastGroup" : "remoteHost"),
      localPath: () => field("path", make("input", { id: "local-host", value: current.settings.local ?? "", oninput: readPanel })),
      remotePath: () => field("path", make("input", { id: "remote-host", value: current.settings.remote ?? "", oninput: readPanel })),
    };
    const moreField = ({ key, kind, hint, list, values, standard = false }) => {
      const value = current.settings[key];
      const attributes = { id: `option-${key}`, oninput: readPanel, placeholder: hint, list, spellcheck: "false" };
      if (kind === "checkbox") {
        return make("label", { class: "wide check" }, make("input", { ...attributes, type: kind, checked: value ?? standard }),
          worded("span", key));
      }
      if (kind === "select") {
        const offered = values();
        const select = make("select", attributes, offered.map((each) => option(each, word(`${key}-${each}`))));
        select.value = value ?? offered[0];
        return field(key, select);
      }
      return field(key, make("input", { ...attributes, type: kind === "number" ? "number" : "text", value: value ?? "" }));
    };

    const showPanel = () => {
      const { settings } = current;
      element("protocol").value = settings.protocol;
      element("fields").replaceChildren(...protocols[settings.protocol].fields.flatMap((name) => fieldMakers[name]()));
      const encoding = make("select", { id: "option-encoding", onchange: readPanel });
      offer(encoding, channel.encodingPairs ?? [["utf-8", "UTF-8"]], settings.encoding);
      const framings = make("datalist", { id: "framings" },
        ["raw", "gap:20ms", "line", "delimiter:0D0A", "length:u16be@0", "fixed:8", "json"].map((name) => option(name)));
      element("fields").append(field("encoding", encoding));
      element("options").replaceChildren(framings,
        ...moreOptions.filter(({ of }) => of(settings.protocol)).map(moreField));
      showPower();
    };
    /// What the panel says becomes the session's settings.
    const readPanel = () => {
      const { settings } = current;
      settings.protocol = element("protocol").value;
      settings.encoding = element("option-encoding").value;
      for (const name of ["local", "remote"]) {
        const host = element(`${name}-host`);
        if (host) settings[name] = isUnix(settings.protocol) ? host.value : joinEndpoint(host.value.trim(), element(`${name}-port`).value.trim());
      }
      for (const { key, kind, of, standard = false } of moreOptions) {
        const control = element(`option-${key}`);
        if (key === "local" && !of(settings.protocol)) continue;
        if (!control || !of(settings.protocol)) delete settings[key];
        else if (kind === "checkbox") {
          if (control.checked === standard) delete settings[key];
          else settings[key] = control.checked;
        }
        else if (control.value.trim() === "") delete settings[key];
        else settings[key] = kind === "number" ? Number(control.value) : control.value.trim();
      }
      saveSoon();
    };
    /// The settings as the protocol has them, without what this kind of session doesn't take.
    const settingsToSend = (session) => {
      const result = { ...session.settings };
      const { protocol } = result;
      const { fields } = protocols[protocol];
      if (!result.remote || !fields.some((name) => name.startsWith("remote"))) delete result.remote;
      if (!result.local || !(fields.some((name) => name.startsWith("local")) || moreOptions[0].of(protocol))) delete result.local;
      if (isDatagram(protocol)) delete result.framing;
      for (const { key, of } of moreOptions.slice(1)) if (!of(protocol)) delete result[key];
      delete result.heartbeatInterval;
      if (!result.rules?.length) delete result.rules;
      const { heartbeat, heartbeatInterval } = session.settings;
      if (heartbeat) result.heartbeat = { messages: [{ text: heartbeat, escapes: true }], interval: heartbeatInterval || "10s" };
      return result;
    };
    /// The same the other way, as the program tells of a session.
    const settingsFrom = ({ heartbeat, ...rest }) => (heartbeat
      ? { ...rest, heartbeat: heartbeat.messages?.[0]?.text ?? "", heartbeatInterval: heartbeat.interval ?? "" } : rest);

    const showPower = () => {
      const running = isRunning(current);
      const protocol = protocols[current.settings.protocol];
      const button = element("power");
      button.textContent = word(running ? (protocol.power === "connect" ? "disconnect" : "stop") : protocol.power);
      button.classList.toggle("running", running);
      for (const control of element("panel").querySelectorAll("input, select")) control.disabled = running;
      const local = current.local.filter(Boolean).join(", ");
      const text = current.state === "failed" ? current.text : [word(`state-${current.state}`), local].filter(Boolean).join(" ");
      element("condition").textContent = text;
      element("condition").dataset.state = current.state;
      element("twin").hidden = !current.command;
      element("command").textContent = current.command;
    };
    const power = async () => {
      const session = current;
      if (isRunning(session)) {
        await ask("close", { session: session.id });
        // An attempt that is given up may take its time to end; nobody has to wait for that.
        if (session.state === "opening") session.state = "closed";
        if (session === current) showPower();
        return;
      }
      readPanel();
      session.state = "opening";
      session.text = "";
      showPower();
      try {
        await openSession(session);
        if (session.settings.remote) {
          view.remotes = [session.settings.remote, ...view.remotes.filter((each) => each !== session.settings.remote)].slice(0, 30);
          fillRemotes();
        }
        saveSoon();
      } catch (error) {
        Object.assign(session, { state: "failed", text: error.message });
      }
      if (session === current) showPower();
      showTabs();
    };
    const fillRemotes = () => element("remotes").replaceChildren(...view.remotes.map((remote) => option(remote)));
    /// An endpoint that is chosen or pasted as a whole goes into both fields.
    const spreadEndpoint = (event) => {
      const [host, port] = splitEndpoint(event.target.value.trim());
      if (!event.target.id.endsWith("-host") || !port || isUnix(current.settings.protocol)) return;
      event.target.value = host;
      element(event.target.id.replace("host", "port")).value = port;
      readPanel();
    };
    /// What stood for one protocol may mean something else to another: a server's port is no source for a client.
    const changeProtocol = (settings, protocol) => {
      settings.protocol = protocol;
      if (isClient(protocol) || protocol === "multicast") delete settings.local;
      else if (!settings.local || settings.local.startsWith("/") !== isUnix(protocol)) {
        settings.local = isUnix(protocol) ? "/tmp/sockeye.sock" : defaults().local;
      }
      if (protocol === "multicast" && !/^2(2[4-9]|3\d)\.|^\[ff/i.test(settings.remote)) settings.remote = "239.255.0.1:8080";
    };
    const startPanel = () => {
      element("panel").addEventListener("submit", (event) => {
        event.preventDefault();
        power().catch(complain);
      });
      element("fields").addEventListener("change", spreadEndpoint);
      element("protocol").addEventListener("change", () => {
        changeProtocol(current.settings, element("protocol").value);
        showPanel();
        showPeers();
        showTabs();
      });
      element("copy-command").addEventListener("click", () => copyText(current.command).catch(complain));
      element("add").addEventListener("click", () => {
        addSession();
        element("protocol").focus();
      });
    };

    """#
}
