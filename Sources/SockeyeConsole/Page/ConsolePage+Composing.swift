extension ConsolePage {
  /// The message in the box: its form, its ending, its checksum, and what it will be on the wire.
  static let composing = #"""
    /// The message that the controls describe, as the protocol has it.
    const messageOf = (text, form = view.form) => {
      const message = { form, text };
      if (form === "text") {
        message.escapes = view.escapes;
        message.ending = view.ending;
      }
      if (view.variables) message.variables = true;
      if (view.check) {
        message.check = { algorithm: view.check, from: view.checkFrom, end: view.checkEnd, order: view.checkOrder };
      }
      return message;
    };
    const variableNames = ["counter", "counter:4", "date", "time", "timestamp", "random:4", "uuid"];
    const insertVariable = (name) => {
      const box = element("message");
      box.setRangeText(`\${${name}}`, box.selectionStart, box.selectionEnd, "end");
      view.variables = true;
      showComposing();
      previewSoon();
      saveSoon();
      box.focus();
    };
    const showComposing = () => {
      element("form").replaceChildren(...["text", "hex"].map((form) => make("button", {
        role: "radio", "aria-checked": String(view.form === form), tabindex: view.form === form ? 0 : -1,
        onclick: () => switchForm(form).catch(complain),
        onkeydown: (event) => {
          if (!event.key.startsWith("Arrow")) return;
          event.preventDefault();
          switchForm(form === "hex" ? "text" : "hex").then(() => element("form").querySelector("[aria-checked=true]").focus())
            .catch(complain);
        },
      }, word(form))));
      offer(element("ending"), [["none", word("none")], ["crlf", "CRLF"], ["lf", "LF"], ["cr", "CR"]], view.ending);
      offer(element("check-order"), [["big", word("highFirst")], ["little", word("lowFirst")]], view.checkOrder);
      element("escapes").checked = view.escapes;
      element("variables").checked = view.variables;
      fillMenu("variable-menu", variableNames.map((name) => [`\${${name}}  ${word(`variable-${name.split(":")[0]}`)}`, () => insertVariable(name)]));
      element("check-from").value = view.checkFrom;
      element("check-to").value = view.checkEnd;
      for (const id of ["escapes", "ending"]) element(id).disabled = view.form === "hex";
      showCheckRange();
    };
    const showCheckRange = () => { element("check-range").hidden = !view.check; };
    /// Text becomes its bytes in hex, and hex its text.
    const switchForm = async (form) => {
      if (form === view.form) return;
      const box = element("message");
      if (form === "hex") box.value = await hexOfText(box.value, view.escapes);
      else {
        const { text, escapes } = await textOfHex(box.value, view.escapes);
        box.value = text;
        view.escapes = escapes;
      }
      view.form = form;
      showComposing();
      previewSoon();
      saveSoon();
    };
    /// Takes a message into the box, as from the history or from what was received.
    const takeIntoBox = ({ form, text }) => {
      view.form = form === "hex" ? "hex" : "text";
      element("message").value = text;
      showComposing();
      previewSoon();
      element("message").focus();
    };
    const preview = async () => {
      const { value } = element("message");
      const output = element("preview");
      if (value === "" && !view.check) {
        output.textContent = "";
        return;
      }
      try {
        const found = await ask("preview", { message: messageOf(value), ...(current.isDraft ? {} : { session: current.id }) });
        const hex = found.hex.replace(/\s/g, "").toUpperCase();
        const shown = hex.slice(0, 192).match(/../g)?.join(" ") ?? "";
        const size = found.bytes ?? hex.length / 2;
        output.replaceChildren(`${numberText(size)} B  `, make("span", {}, shown + (hex.length > 192 ? " …" : "")));
        if (found.check) output.append("  ", make("b", {}, `${view.check} ${found.check.replace(/\s/g, "").toUpperCase()}`));
        output.classList.remove("bad");
      } catch (error) {
        output.textContent = error.message;
        output.classList.add("bad");
      }
    };
    const previewSoon = afterwards(150, preview);
    const startComposing = () => {
      const settings = {
        "escapes": ["escapes", (control) => control.checked],
        "variables": ["variables", (control) => control.checked],
        "ending": ["ending", (control) => control.value],
        "check": ["check", (control) => control.value],
        "check-from": ["checkFrom", (control) => Math.max(0, Math.trunc(Number(control.value)))],
        "check-to": ["checkEnd", (control) => Math.max(0, Math.trunc(Number(control.value)))],
        "check-order": ["checkOrder", (control) => control.value],
      };
      for (const [id, [name, read]] of Object.entries(settings)) {
        element(id).addEventListener("input", () => {
          view[name] = read(element(id));
          showCheckRange();
          previewSoon();
          saveSoon();
        });
      }
      element("message").addEventListener("input", previewSoon);
    };

    """#
}
