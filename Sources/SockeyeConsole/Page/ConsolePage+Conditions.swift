extension ConsolePage {
  /// The conditions of a rule, as a form has them and as the protocol has them.
  static let conditions = #"""
    /// What each asks for: its fields, with the kind of each.
    const conditionFields = {
      contains: [["bytes", "text"]],
      prefix: [["bytes", "text"]],
      equals: [["bytes", "text"], ["mask", "text"]],
      length: [["min", "number"], ["max", "number"]],
      integer: [["offset", "number"], ["width", "number"], ["order", "order"], ["min", "number"], ["max", "number"]],
      pattern: [["pattern", "text"]],
      source: [["source", "text"]],
      checksum: [["algorithm", "checksum"], ["order", "order"]],
    };
    const newCondition = () => ({ isNot: false, kind: "contains", fields: {} });
    /// Bytes are hex after a 0x, and text otherwise.
    const bytesMember = (text) => (/^0x/i.test(text) ? { hex: bareHex(text) } : { text });
    const bytesField = ({ hex, text }) => (hex === undefined ? text ?? "" : `0x${hex}`);
    const numberOf = (text) => (text === undefined || text === "" ? undefined : Math.trunc(Number(text)) || 0);
    const conditionWriters = {
      contains: ({ bytes = "" }) => bytesMember(bytes),
      prefix: ({ bytes = "" }) => bytesMember(bytes),
      equals: ({ bytes = "", mask }) => ({ ...bytesMember(bytes), mask: mask || undefined }),
      length: ({ min, max }) => ({ min: numberOf(min), max: numberOf(max) }),
      integer: ({ offset, width, order, min, max }) =>
        ({ offset: numberOf(offset), bytes: numberOf(width), order, min: numberOf(min), max: numberOf(max) }),
      pattern: ({ pattern = "" }) => pattern,
      source: ({ source = "" }) => source,
      checksum: ({ algorithm, order }) => ({ algorithm, order }),
    };
    const conditionReaders = {
      contains: (value) => ({ bytes: bytesField(value) }),
      prefix: (value) => ({ bytes: bytesField(value) }),
      equals: (value) => ({ bytes: bytesField(value), mask: value.mask }),
      length: ({ min, max }) => ({ min, max }),
      integer: ({ offset, bytes, order, min, max }) => ({ offset, width: bytes, order, min, max }),
      pattern: (pattern) => ({ pattern }),
      source: (source) => ({ source }),
      checksum: ({ algorithm, order }) => ({ algorithm, order }),
    };
    const writeCondition = ({ isNot, kind, fields }) => {
      const condition = { [kind]: conditionWriters[kind](fields) };
      return isNot ? { not: condition } : condition;
    };
    const writeWhen = (join, conditions) =>
      (conditions.length === 0 ? true : conditions.length === 1 ? writeCondition(conditions[0]) : { [join]: conditions.map(writeCondition) });
    const isObject = (value) => typeof value === "object" && value !== null;
    /// A condition in its form; nothing for one that is made of others.
    const readCondition = (condition) => {
      const isNot = isObject(condition) && Object.hasOwn(condition, "not");
      const inner = isNot ? condition.not : condition;
      const kind = isObject(inner) && Object.keys(conditionFields).find((name) => Object.hasOwn(inner, name));
      if (!kind || (typeof inner[kind] !== "string" && !isObject(inner[kind]))) return null;
      return { isNot, kind, fields: conditionReaders[kind](inner[kind]) };
    };
    const readWhen = (when) => {
      if (!isObject(when)) return { join: "all", conditions: [] };
      const join = ["all", "any"].find((name) => Array.isArray(when[name]));
      const conditions = (join ? when[join] : [when]).slice(0, 64).map(readCondition);
      return { join: join ?? "all", conditions: conditions.filter(Boolean), ...(conditions.includes(null) ? { deep: when } : {}) };
    };

    const conditionField = (condition, [name, type]) => {
      const said = word(`field-${name}`);
      const attributes = { "aria-label": said, title: said, placeholder: said };
      const change = edited(condition.fields, name, (control) => control.value);
      if (type === "order" || type === "checksum") {
        const select = make("select", { ...attributes, onchange: change });
        const names = (channel.offers.checksums ?? []).map((each) => [each, each]);
        offer(select, type === "order" ? [["big", word("highFirst")], ["little", word("lowFirst")]] : names, condition.fields[name]);
        condition.fields[name] = select.value;
        return select;
      }
      return make("input", {
        ...attributes, type, value: condition.fields[name] ?? "", class: type === "number" ? "number" : "grow mono",
        spellcheck: "false", oninput: change,
      });
    };
    const conditionRow = (rule, condition) => {
      const kind = make("select", { "aria-label": word("condition"), onchange: (event) => {
        Object.assign(condition, { kind: event.target.value, fields: {} });
        showRules();
        applyRules();
      } });
      offer(kind, Object.keys(conditionFields).map((name) => [name, word(`when-${name}`)]), condition.kind);
      return make("div", { class: "bar condition" },
        make("button", {
          "aria-pressed": String(condition.isNot),
          onclick: (event) => {
            condition.isNot = !condition.isNot;
            setOn(event.target, condition.isNot);
            applyRules();
          },
        }, word("not")),
        kind, conditionFields[condition.kind].map((each) => conditionField(condition, each)),
        make("button", { class: "grave", title: word("remove"), "aria-label": word("remove"), onclick: () => {
          rule.conditions = rule.conditions.filter((each) => each !== condition);
          showRules();
          applyRules();
        } }, "×"));
    };

    """#
}
