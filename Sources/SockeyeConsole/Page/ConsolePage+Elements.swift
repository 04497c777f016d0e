extension ConsolePage {
  /// Makes elements, and writes bytes, sizes and times for people.
  static let elements = #"""
    const element = (id) => document.getElementById(id);
    const addTo = (parent, attributes, children) => {
      for (const [name, value] of Object.entries(attributes ?? {})) {
        if (name.startsWith("on")) parent.addEventListener(name.slice(2), value);
        else if (name === "value" || name === "checked" || name === "disabled") parent[name] = value;
        else if (value !== undefined && value !== null && value !== false) {
          parent.setAttribute(name, value === true ? "" : value);
        }
      }
      parent.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
      return parent;
    };
    const make = (name, attributes, ...children) => addTo(document.createElement(name), attributes, children);
    const option = (value, text, chosen) => make("option", { value, selected: chosen }, text);
    /// A control whose text is a word, and stays so when the language changes.
    const worded = (name, key, attributes) => make(name, { "data-word": key, ...attributes }, word(key));
    const field = (key, control) => make("label", {}, worded("span", key), control);
    /// Has a select offer values, each with what it is called.
    const offer = (select, pairs, chosen = select.value) => {
      select.replaceChildren(...pairs.map(([value, text]) => option(value, text)));
      if (pairs.some(([value]) => value === chosen)) select.value = chosen;
    };
    const isOn = (button) => button.getAttribute("aria-pressed") === "true";
    const setOn = (button, on) => button.setAttribute("aria-pressed", String(on));

    /// Puts the words of the language that is shown into all that is marked with one.
    const speak = () => {
      document.documentElement.lang = view.language === "zh" ? "zh-Hans" : "en";
      for (const each of document.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
      for (const each of document.querySelectorAll("[data-hint]")) each.placeholder = word(`${each.dataset.hint}Hint`);
      for (const each of document.querySelectorAll("[data-tip]")) each.title = word(each.dataset.tip);
      for (const each of document.querySelectorAll("[data-label]")) {
        each.setAttribute("aria-label", word(each.dataset.label));
        if (each.tagName === "BUTTON") each.title = word(each.dataset.label);
      }
    };
    const announce = (text) => { element("announce").textContent = text; };
    /// Says what came of something, beside the box that sends.
    const say = (text, isBad = false) => {
      element("said").textContent = text;
      element("said").classList.toggle("bad", isBad);
    };
    const complain = (error) => say(error.message, true);

    const bytesOfBase64 = (text) => {
      if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
      const characters = atob(text);
      const bytes = new Uint8Array(characters.length);
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index);
      return bytes;
    };
    const base64OfBytes = (bytes) => {
      if (bytes.toBase64) return bytes.toBase64();
      let characters = "";
      for (let index = 0; index < bytes.length; index += 0x8000) {
        characters += String.fromCharCode(...bytes.subarray(index, index + 0x8000));
      }
      return btoa(characters);
    };
    const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase());
    const hexOf = (bytes, separator = " ") => Array.from(bytes, (byte) => hexOfByte[byte]).join(separator);
    const bytesOfHex = (text) => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));

    /// A size for people, in powers of 1024.
    const sizeText = (count) => {
      if (!(count >= 1024)) return `${count ?? 0} B`;
      let value = count;
      let unit = "";
      for (unit of ["KiB", "MiB", "GiB", "TiB"]) {
        value /= 1024;
        if (value < 1000) break;
      }
      return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
    };
    const numberText = (count) => (count ?? 0).toLocaleString("en-US");
    const two = (number, digits = 2) => String(number).padStart(digits, "0");
    const clockText = (milliseconds) => {
      const time = new Date(milliseconds);
      return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${two(time.getMilliseconds(), 3)}`;
    };
    const ageText = (milliseconds) => {
      const seconds = Math.max(0, Math.floor(milliseconds / 1000));
      if (seconds < 60) return `${seconds} s`;
      if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
      return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    };

    /// Text whose control characters are seen and whose direction marks turn nothing around.
    const visible = (text) => text
      .replace(/\r\n/g, "\n")
      .replace(/[\0-\x08\x0b-\x1f]/g, (letter) => String.fromCharCode(0x2400 + letter.charCodeAt(0)))
      .replace(/\x7f/g, "\u2421")
      .replace(/[\u0080-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
    /// Text without the sequences that colour a terminal (ECMA-48: CSI, OSC, and the short ones).
    const withoutANSI = (text) =>
      text.replace(/\x1b(?:\[[0-?]*[ -\/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -\/]*[0-Z\\^-~])/g, "");
    const prettyJSON = (text) => {
      const first = text.trimStart()[0];
      if ((first !== "{" && first !== "[") || text.length > 1 << 20) return null;
      try {
        return JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        return null;
      }
    };

    /// Puts rows in, touching those alone that differ.
    const reconcile = (parent, rows) => {
      const kept = new Set(rows);
      for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
      rows.forEach((row, index) => {
        if (parent.children[index] !== row) parent.insertBefore(row, parent.children[index] ?? null);
      });
    };
    const setText = (target, text) => {
      if (target.textContent !== text) target.textContent = text;
    };
    /// Shows a row for each item. A row is made once and brought up to date: one that is replaced while a button is down
    /// would never be clicked, and one that has the focus would lose it.
    const showKeyed = (parent, items, { key, create, update }) => {
      parent.rowsByKey ??= new Map();
      const before = parent.rowsByKey;
      parent.rowsByKey = new Map(items.map((item) => [key(item), before.get(key(item)) ?? create(item)]));
      for (const item of items) update(parent.rowsByKey.get(key(item)), item);
      reconcile(parent, [...parent.rowsByKey.values()]);
    };

    const copyText = async (text) => {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else {
        // Browsers hide the clipboard from pages that come over a network without TLS.
        const box = make("textarea", { class: "unseen", value: text });
        document.body.append(box);
        box.select();
        document.execCommand("copy");
        box.remove();
      }
      say(word("copied", numberText(text.length)));
    };
    const download = (name, parts, type) => {
      const address = URL.createObjectURL(new Blob(parts, { type }));
      make("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    };
    const stamp = () => new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    /// What a person chooses from the disk; nothing when they think better of it.
    const chooseFile = (accept) => new Promise((resolve) => {
      const input = make("input", { type: "file", accept });
      input.addEventListener("change", () => resolve(input.files[0]));
      input.addEventListener("cancel", () => resolve(undefined));
      input.click();
    });
    const clock = { worker: new Worker("/clock.js"), number: 0, waiting: new Map() };
    clock.worker.addEventListener("message", ({ data }) => {
      clock.waiting.get(data)?.();
      clock.waiting.delete(data);
    });
    /// Waits, no less exactly while the page is out of sight.
    const pass = (milliseconds) => new Promise((resolve) => {
      clock.number += 1;
      clock.waiting.set(clock.number, resolve);
      clock.worker.postMessage({ number: clock.number, milliseconds: Math.max(0, milliseconds) });
    });
    /// Calls once, when there has been silence for so long.
    const afterwards = (milliseconds, action) => {
      let timer = 0;
      return () => {
        clearTimeout(timer);
        timer = setTimeout(action, milliseconds);
      };
    };
    /// Calls once for each picture that the screen shows.
    const eachFrame = (action) => {
      let isWaiting = false;
      return () => {
        if (isWaiting) return;
        isWaiting = true;
        requestAnimationFrame(() => {
          isWaiting = false;
          action();
        });
      };
    };
    /// Calls at once, and from then on no more often than each so many milliseconds.
    const noMoreThanEach = (milliseconds, action) => {
      let isWaiting = false;
      let isDue = false;
      const call = () => {
        isDue = isWaiting;
        if (isWaiting) return;
        isWaiting = true;
        action();
        setTimeout(() => {
          isWaiting = false;
          if (isDue) call();
        }, milliseconds);
      };
      return call;
    };
    /// A menu of buttons, which closes once something is chosen.
    const fillMenu = (id, items) => {
      const menu = element(id);
      menu.querySelector(".items").replaceChildren(...items.map(([text, action]) => make("button", {
        type: "button",
        onclick: () => {
          menu.open = false;
          Promise.resolve(action()).catch(complain);
        },
      }, text)));
    };
    const askText = (title, value, action) => {
      const input = make("input", { value, maxlength: 64, "aria-label": title, class: "grow" });
      const dialog = showDialog(title, make("form", {
        class: "bar",
        onsubmit: (event) => {
          event.preventDefault();
          dialog.close();
          action(input.value.trim());
        },
      }, input, worded("button", "done")));
      input.focus();
    };
    const showDialog = (title, ...children) => {
      const dialog = element("dialog");
      dialog.replaceChildren(
        make("div", { class: "line" }, make("h2", { id: "dialog-title" }, title),
          make("button", { "aria-label": word("close"), title: word("close"), onclick: () => dialog.close() }, "✕")),
        ...children.filter((child) => child !== null),
      );
      if (!dialog.open) dialog.showModal();
      return dialog;
    };

    """#
}
