extension ConsolePage {
  /// How things look, in the reader's light or dark.
  static let components = #"""
    h1 { font-size: 17px; margin: 0 4px 0 0; }
    h2 { font-size: 15px; margin: 0; white-space: nowrap; }
    h3 { font-size: 13px; margin: 0; color: var(--quiet); font-weight: 600; }
    p { margin: 0; }
    .quiet, small { color: var(--quiet); }
    .bad { color: var(--bad) !important; }
    .space { flex: 1; }
    .grow { flex: 1 1 120px; min-width: 0; }
    .mono { font-family: var(--mono); }
    button, a.button, select, input, textarea, summary {
      font: inherit; font-size: 13px; color: inherit; background: var(--sheet); border: 1px solid var(--line); border-radius: 6px;
      padding: 3px 9px; min-height: 30px; max-width: 100%;
    }
    a.button { text-decoration: none; }
    input, textarea { background: var(--ground); }
    input[type="checkbox"] { min-height: 0; width: 15px; height: 15px; margin: 0; accent-color: var(--first); }
    button, select, summary { cursor: pointer; }
    button:hover, a.button:hover, select:hover, .menu > summary:hover { border-color: var(--quiet); }
    button:disabled, input:disabled, select:disabled { opacity: 0.55; cursor: default; }
    button[aria-pressed="true"] { background: var(--chosen); border-color: var(--warn); }
    button.grave { color: var(--bad); }
    button.bare { border: 0; background: none; min-height: 0; padding: 0 4px; color: var(--quiet); }
    .power { background: var(--first); border-color: var(--first); color: light-dark(#ffffff, #10202f); font-weight: 600; }
    .power.running { background: var(--sheet); color: var(--bad); border-color: var(--bad); }
    :focus-visible { outline: 2px solid var(--first); outline-offset: 1px; }
    .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
    .bar label, .check { display: inline-flex; align-items: center; gap: 5px; font-size: 13px; white-space: nowrap; }
    .wide.check { white-space: normal; }
    .line { display: flex; align-items: center; justify-content: space-between; gap: 8px; }
    .short { width: 58px; }
    .number { width: 84px; }
    [role="tab"] {
      display: flex; align-items: center; gap: 6px; border: 1px solid var(--line); border-radius: 6px; padding: 2px 4px 2px 9px;
      min-height: 30px; cursor: pointer; white-space: nowrap; background: var(--sheet);
    }
    [role="tab"][aria-selected="true"] { background: var(--chosen); border-color: var(--warn); }
    [role="tab"] .name { max-width: 170px; overflow: hidden; text-overflow: ellipsis; }
    [role="tab"] small { background: var(--first); color: var(--sheet); border-radius: 8px; padding: 0 5px; font-size: 11px; }
    .dot { width: 8px; height: 8px; border-radius: 50%; background: var(--line); flex: none; }
    [data-state="open"] .dot, [data-state="listening"] .dot { background: var(--second); }
    [data-state="opening"] .dot { background: var(--warn); }
    [data-state="failed"] .dot { background: var(--bad); }
    #link { color: var(--bad); font-size: 13px; }
    #link[data-state="connecting"] { color: var(--quiet); }
    #panel { display: flex; flex-direction: column; gap: 8px; margin: 8px 0 0; }
    #panel label, .grid label { display: grid; grid-template-columns: 104px minmax(0, 1fr); align-items: center; gap: 6px; font-size: 13px; }
    #panel label.check { display: flex; margin-left: 110px; }
    #fields, #options, .grid { display: grid; gap: 8px; }
    #panel .power { min-height: 40px; font-size: 15px; }
    #condition { font-size: 13px; color: var(--quiet); overflow-wrap: anywhere; }
    #condition[data-state="listening"], #condition[data-state="open"] { color: var(--second); }
    #condition[data-state="failed"] { color: var(--bad); }
    #more > summary { border: 0; background: none; padding: 0; color: var(--quiet); }
    #twin { margin-top: 8px; border-top: 1px solid var(--line); padding-top: 8px; }
    code { font: 12px/1.5 var(--mono); overflow-wrap: anywhere; display: block; margin-top: 4px; max-height: 6em; overflow: auto; }
    #peers [role="option"] { padding: 4px 12px; cursor: pointer; border-bottom: 1px solid var(--line); }
    #peers [role="option"]:hover { background: color-mix(in srgb, var(--chosen) 50%, transparent); }
    [role="option"][aria-selected="true"] { background: var(--chosen); }
    #peers bdi { display: block; font: 13px var(--mono); overflow-wrap: anywhere; }
    #peers small { font-size: 12px; }
    #more-peers:empty { display: none; }
    #counters output { font: 12px var(--mono); white-space: nowrap; }
    #count-in { color: var(--first); }
    #count-out { color: var(--second); }
    #count-lost { color: var(--warn); }
    #found { font: 12px var(--mono); color: var(--quiet); }
    .message { display: flex; gap: 10px; padding: 1px 12px; font: var(--list-size)/1.5 var(--mono); border-left: 3px solid transparent; white-space: pre; }
    .message.cursor { outline: 1px dashed var(--quiet); outline-offset: -1px; }
    .message.marked { border-left-color: var(--warn); }
    .message .meta { color: var(--quiet); flex: none; display: inline-flex; gap: 7px; font-size: 0.92em; }
    .message .meta i { font-style: normal; color: var(--warn); }
    .message.received .meta b { color: var(--first); }
    .message.sent .meta b { color: var(--second); }
    .message.sent .body { color: var(--second); }
    .message.notice { color: var(--quiet); font-style: italic; }
    .message .body { min-width: 0; unicode-bidi: isolate; }
    .message small { flex: none; }
    .wrapped .message { white-space: pre-wrap; overflow-wrap: anywhere; }
    .wrapped .message .body { flex: 1; }
    .both .message .hex { color: var(--quiet); border-right: 1px solid var(--line); padding-right: 10px; }
    mark { background: light-dark(#ffd866, #7a5d00); color: inherit; border-radius: 2px; }
    .empty { padding: 16px 12px; }
    textarea { width: 100%; resize: vertical; font: 13px/1.5 var(--mono); padding: 6px 9px; min-height: 66px; }
    .preview { font: 12px/1.5 var(--mono); color: var(--quiet); overflow-wrap: anywhere; max-height: 4.6em; overflow: auto; min-height: 1.5em; }
    .preview b { color: var(--first); }
    .switch { display: inline-flex; }
    .switch button { border-radius: 0; margin-left: -1px; }
    .switch button:first-child { border-radius: 6px 0 0 6px; }
    .switch button:last-child { border-radius: 0 6px 6px 0; }
    .switch button[aria-checked="true"] { background: var(--chosen); border-color: var(--warn); position: relative; }
    #send { min-width: 96px; font-size: 14px; }
    #said { font-size: 13px; color: var(--quiet); min-height: 1.4em; overflow-wrap: anywhere; }
    .menu { position: relative; }
    .menu > summary { list-style: none; display: inline-flex; align-items: center; gap: 4px; }
    .menu > summary::after { content: "▾"; color: var(--quiet); }
    .menu > .items {
      position: absolute; z-index: 5; right: 0; top: 34px; min-width: 170px; max-width: 82vw; max-height: 50vh; overflow: auto; display: grid;
      background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 4px; box-shadow: 0 6px 20px rgb(0 0 0 / 0.18);
    }
    .menu > .items button { border: 0; text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; background: none; }
    .menu > .items button:hover, .menu > .items button:focus-visible { background: var(--chosen); }
    .sending .menu > .items { top: auto; bottom: 34px; }
    .quick { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
    .quick > li { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
    .quick .send { max-width: 110px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .quick .more { flex-basis: 100%; padding-bottom: 6px; }
    #tool-quick { margin-top: 8px; display: grid; gap: 8px; }
    #tool-rules { margin-top: 8px; display: grid; gap: 8px; }
    .rules { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; }
    .rules > li { border: 1px solid var(--line); border-radius: 6px; padding: 8px; display: grid; gap: 6px; }
    .condition { padding-left: 8px; border-left: 2px solid var(--line); }
    .lines { white-space: pre-line; font-size: 13px; overflow-wrap: anywhere; }
    .lines:empty { display: none; }
    #rates, #rtts { width: 100%; height: 130px; display: block; color: var(--quiet); margin-top: 4px; }
    dialog { border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); color: inherit; width: min(760px, 94vw); max-height: 88vh; padding: 16px; overflow: auto; }
    dialog[open] { display: grid; gap: 12px; }
    dialog::backdrop { background: rgb(0 0 0 / 0.35); }
    pre { font: 12px/1.5 var(--mono); margin: 0; padding: 8px; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; overflow: auto; max-height: 40vh; white-space: pre-wrap; overflow-wrap: anywhere; }
    table { border-collapse: collapse; font-size: 13px; }
    td { padding: 3px 12px 3px 0; }
    #status-table { width: 100%; margin-top: 6px; }
    #status-table th { text-align: left; font-weight: 400; color: var(--quiet); padding: 1px 12px 1px 0; }
    #status-table td { text-align: right; padding: 1px 0; font: 12px var(--mono); }
    #rtts { height: 100px; }
    kbd { font: 12px var(--mono); border: 1px solid var(--line); border-radius: 4px; padding: 1px 5px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

    """#
}
