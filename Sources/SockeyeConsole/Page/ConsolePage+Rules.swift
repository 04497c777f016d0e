extension ConsolePage {
  /// The editor of the rules by which the program answers, and a dry run of them.
  static let rules = #"""
    const MOST_RULES = 200;
    const newRule = () => ({
      name: "", enabled: true, join: "all", conditions: [newCondition()], answer: null, delay: 0, echo: false, relay: false,
    });
    /// The rule as the protocol has it.
    const ruleToSend = ({ name, enabled, join, conditions, deep, answer, delay, echo, relay }) => ({
      name, enabled, when: deep ?? writeWhen(join, conditions), delay: `${delay}ms`, echo, relay, ...(answer ? { answer } : {}),
    });
    /// The rule's form; what isn't of its kind is left out.
    const ruleFrom = (found) => {
      const answer = isObject(found?.answer) ? cleanQuick(found.answer) : null;
      return {
        name: typeof found?.name === "string" ? found.name.slice(0, 64) : "", enabled: found?.enabled !== false,
        ...readWhen(found?.when), answer: answer && quickMessage(answer), delay: whole(parseInt(found?.delay, 10) || 0, 0),
        echo: found?.echo === true, relay: found?.relay === true,
      };
    };
    /// The program takes no more than this, either.
    const DEEPEST_CONDITION = 20;
    const isShallow = (value, depth = DEEPEST_CONDITION) =>
      !isObject(value) || (depth > 0 && Object.values(value).every((each) => isShallow(each, depth - 1)));
    const cleanRules = (found) => found.slice(0, MOST_RULES).map(ruleFrom).filter(({ deep }) => isShallow(deep)).map(ruleToSend);
    const rulesOf = (session) => (session.forms ??= (session.settings.rules ?? []).map(ruleFrom));
    const rulesToSend = (session) => rulesOf(session).map(ruleToSend);
    /// What has been edited goes to a session that is open at once.
    const applyRules = afterwards(400, () => {
      current.settings.rules = rulesToSend(current);
      saveSoon();
      if (current.isDraft) return;
      ask("rules", { session: current.id, rules: current.settings.rules }).then(
        () => { element("rules-said").dataset.applied = "true"; },
        (error) => sayRules(error.message, true),
      );
    });
    const sayRules = (text, isBad = false) => {
      element("rules-said").textContent = text;
      element("rules-said").classList.toggle("bad", isBad);
    };
    const edited = (target, name, read) => (event) => {
      target[name] = read(event.target);
      element("rules-said").dataset.applied = "false";
      applyRules();
    };
    const ruleItem = (rule) => make("li", {},
      make("div", { class: "bar" },
        make("input", {
          type: "checkbox", checked: rule.enabled, "aria-label": word("enabled"), onchange: edited(rule, "enabled", (box) => box.checked),
        }),
        make("input", {
          value: rule.name, class: "grow", placeholder: word("name"), "aria-label": word("name"),
          oninput: edited(rule, "name", (box) => box.value),
        }),
        make("button", { title: word("moveUp"), "aria-label": word("moveUp"), onclick: () => moveRule(rule, -1) }, "↑"),
        make("button", { title: word("remove"), "aria-label": word("remove"), class: "grave", onclick: () => removeRule(rule) }, "×")),
      make("div", { class: "bar" }, word("when"), joinSelect(rule),
        worded("button", "addCondition", { onclick: () => {
          rule.conditions.push(newCondition());
          showRules();
        } })),
      rule.deep ? make("code", {}, JSON.stringify(rule.deep)) : rule.conditions.map((condition) => conditionRow(rule, condition)),
      make("div", { class: "bar" }, word("answers"), answerText(rule),
        worded("button", "fromBox", { onclick: () => {
          rule.answer = { ...messageOf(element("message").value), variables: true };
          showRules();
          applyRules();
        } })),
      make("div", { class: "bar" },
        make("label", {}, worded("span", "after"), make("input", {
          type: "number", min: 0, value: rule.delay, class: "number", onchange: edited(rule, "delay", (box) => whole(box.value, 0)),
        }), " ms"),
        ["echo", "relay"].map((name) => make("label", {}, make("input", {
          type: "checkbox", checked: rule[name], onchange: edited(rule, name, (box) => box.checked),
        }), worded("span", name)))));
    const joinSelect = (rule) => {
      const select = make("select", { "aria-label": word("join"), onchange: edited(rule, "join", (box) => box.value) });
      offer(select, [["all", word("joinAll")], ["any", word("joinAny")]], rule.join);
      return select;
    };
    const answerText = (rule) => make("input", {
      class: "grow mono", value: rule.answer?.text ?? "", placeholder: word("nothing"), title: word("answerTip"),
      "aria-label": word("answers"), spellcheck: "false",
      oninput: edited(rule, "answer", ({ value: text }) =>
        (text === "" ? null : { ...(rule.answer ?? { ...messageOf(""), variables: true }), text })),
    });
    const moveRule = (rule, step) => {
      const all = rulesOf(current);
      const from = all.indexOf(rule);
      if (!all[from + step]) return;
      [all[from], all[from + step]] = [all[from + step], all[from]];
      showRules();
      applyRules();
    };
    const removeRule = (rule) => {
      current.forms = rulesOf(current).filter((each) => each !== rule);
      showRules();
      applyRules();
    };
    /// Asks what the rules would make of what is in the box.
    const dryRun = async () => {
      const found = await ask("dry-run", {
        rules: rulesToSend(current), message: messageOf(element("message").value), ...(current.isDraft ? {} : { session: current.id }),
      });
      const lines = (found.failed ?? []).map(({ rule, condition }) => word("ruleFailed", rulesOf(current)[rule]?.name || rule + 1, condition));
      if (found.rule !== null && found.rule !== undefined) {
        lines.push(word("ruleMatched", rulesOf(current)[found.rule]?.name || found.rule + 1, found.answer?.text ?? ""));
      }
      sayRules(lines.join("\n") || word("noRule"));
    };
    const showRules = () => element("tool-rules").replaceChildren(
      make("div", { class: "bar" },
        worded("button", "addRule", { onclick: () => {
          if (rulesOf(current).length < MOST_RULES) rulesOf(current).push(newRule());
          showRules();
        } }),
        worded("button", "dryRun", { title: word("dryRunTip"), onclick: () => dryRun().catch((error) => sayRules(error.message, true)) })),
      make("p", { id: "rules-said", class: "quiet lines", role: "status" }),
      rulesOf(current).length === 0 ? worded("p", "noRules", { class: "quiet" })
        : make("ol", { class: "rules" }, rulesOf(current).map(ruleItem)));

    """#
}
