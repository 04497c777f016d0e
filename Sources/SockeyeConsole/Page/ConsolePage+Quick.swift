extension ConsolePage {
  /// The table of messages that are sent at a press: their order, delays and keys; run one after another.
  static let quick = #"""
    const newQuick = (message = { form: "text", text: "" }) => ({ ...message, name: "", order: 0, delay: 1000, key: "", group: view.group });
    /// The rows of the group that is shown.
    const quickRows = () => view.quick.filter((row) => (row.group ?? "") === view.group);
    const quickMessage = ({ form, text, escapes, ending, check, variables }) => {
      const message = { form, text };
      if (form === "text") Object.assign(message, { escapes: escapes ?? view.escapes, ending: ending ?? view.ending });
      if (variables) message.variables = true;
      if (check) message.check = check;
      return message;
    };
    const sendQuick = async (row) => {
      const answer = await sendMessage(current, quickMessage(row));
      say(word("sentSize", numberText(answer.bytes)));
    };
    /// In the order that is given, rows without one are left out; a delay is waited for after its row.
    const runQuick = () => {
      if (current.cycle) {
        stopCycle(current);
        return;
      }
      const rows = quickRows().filter((row) => row.order > 0).sort((a, b) => a.order - b.order);
      if (rows.length === 0) {
        say(word("noOrder"), true);
        return;
      }
      const rounds = Number(element("quick-rounds").value) || 0;
      beginCycle(current, rows.map((row) => ({ ...quickMessage(row), delay: `${row.delay}ms` })), 1, rounds * rows.length).catch(complain);
    };

    const cell = (row, name, attributes, key) => make("input", {
      "aria-label": word(key ?? name), value: row[name] ?? "", title: word(key ?? name), spellcheck: "false", ...attributes,
      onchange: (event) => {
        const { value, type } = event.target;
        row[name] = type === "number" ? Math.max(0, Number(value) || 0) : value;
        saveSoon();
      },
    });
    const quickRow = (row) => make("li", {},
      make("label", { class: "check", title: "HEX" }, make("input", {
        type: "checkbox", checked: row.form === "hex", "aria-label": "HEX",
        onchange: (event) => convertQuick(row, event.target.checked ? "hex" : "text").catch(complain),
      }), "HEX"),
      cell(row, "text", { class: "grow mono" }, "toSend"),
      make("button", { class: "send", onclick: () => sendQuick(row).catch(complain), title: word("send") }, row.name || word("send")),
      make("button", {
        "aria-label": word("more"), title: word("more"), "aria-expanded": "false",
        onclick: ({ target }) => {
          const rest = target.nextElementSibling;
          rest.hidden = !rest.hidden;
          target.setAttribute("aria-expanded", String(!rest.hidden));
        },
      }, "⋯"),
      make("div", { class: "bar more", hidden: true },
        field("name", cell(row, "name", { onblur: () => showQuick(), class: "number" })),
        field("sequence", cell(row, "order", { type: "number", class: "short" }, "sequence")),
        field("delay", cell(row, "delay", { type: "number", class: "number" })),
        field("hotKey", cell(row, "key", {
          class: "number", placeholder: "Alt+1", readonly: true,
          onkeydown: (event) => catchKey(event, row),
        }, "hotKey")),
        worded("button", "moveUp", { onclick: () => moveQuick(row, -1) }),
        worded("button", "moveDown", { onclick: () => moveQuick(row, 1) }),
        worded("button", "remove", { class: "grave", onclick: () => {
          view.quick = view.quick.filter((each) => each !== row);
          showQuick();
          saveSoon();
        } })));
    const convertQuick = async (row, form) => {
      if (form === "hex") row.text = await hexOfText(row.text, row.escapes ?? view.escapes);
      else Object.assign(row, await textOfHex(row.text, row.escapes ?? view.escapes));
      row.form = form;
      showQuick();
      saveSoon();
    };
    const moveQuick = (row, step) => {
      const rows = quickRows();
      const other = rows[rows.indexOf(row) + step];
      if (!other) return;
      const [from, to] = [view.quick.indexOf(row), view.quick.indexOf(other)];
      [view.quick[from], view.quick[to]] = [other, row];
      showQuick();
      saveSoon();
    };
    /// The key that a row has is the one that is pressed in its field; Backspace takes it away.
    const catchKey = (event, row) => {
      if (event.key === "Tab" || event.key === "Shift") return;
      event.preventDefault();
      event.stopPropagation();
      const name = keyName(event);
      if (event.key === "Backspace" || event.key === "Delete") row.key = "";
      else if (name) row.key = name;
      event.target.value = row.key;
      saveSoon();
    };
    /// Keys that write nothing: those of functions, and letters or digits with Alt.
    const keyName = (event) => {
      if (/^F([1-9]|1[0-2])$/.test(event.key)) return event.key;
      const found = /^(?:Key|Digit)(.)$/.exec(event.code);
      return event.altKey && !event.ctrlKey && !event.metaKey && found ? `Alt+${found[1]}` : null;
    };

    const groups = () => [...new Set(["", view.group, ...view.quick.map((row) => row.group ?? "")])];
    const showQuick = () => {
      const group = make("select", { "aria-label": word("group"), onchange: (event) => {
        if (event.target.value === "+") addGroup();
        else view.group = event.target.value;
        showQuick();
        saveSoon();
      } });
      offer(group, [...groups().map((name) => [name, name || word("noGroup")]), ["+", word("newGroup")]], view.group);
      const rounds = element("quick-rounds")?.value ?? "1";
      const rows = quickRows();
      element("tool-quick").replaceChildren(
        make("div", { class: "bar" }, group,
          make("span", { class: "space" }),
          make("details", { class: "menu", id: "quick-menu" }, worded("summary", "exchange"), make("div", { class: "items" }))),
        make("div", { class: "bar" },
          worded("button", "addRow", { onclick: () => addQuick() }),
          worded("button", "runAll", { onclick: runQuick, title: word("runTip") }),
          make("label", {}, worded("span", "rounds"), make("input", {
            id: "quick-rounds", type: "number", min: 1, value: rounds, class: "short", placeholder: "∞",
          }))),
        rows.length === 0 ? worded("p", "noQuick", { class: "quiet" }) : make("ol", { class: "quick" }, rows.map(quickRow)));
      fillMenu("quick-menu", [
        [word("import"), async () => {
          const file = await chooseFile(".ini,.csv,.json,.txt");
          if (file) await importQuick(new Uint8Array(await file.arrayBuffer()), file.name);
        }],
        ...["json", "csv", "sscom", "packet-sender"].map((form) => [word(`export-${form}`), () => exportQuick(form)]),
      ]);
    };
    const addGroup = () => askText(word("newGroup"), "", (name) => {
      view.group = name;
      showQuick();
      saveSoon();
    });
    const addQuick = (message) => {
      view.quick.push(newQuick(message));
      showQuick();
      saveSoon();
    };
    const startQuick = () => element("keep").addEventListener("click", () => {
      addQuick(messageOf(element("message").value));
      say(word("kept"));
    });

    """#
}
