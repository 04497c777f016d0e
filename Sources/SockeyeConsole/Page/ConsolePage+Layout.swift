extension ConsolePage {
  /// Where things are: one column on a telephone, two on a small screen, three on a wide one.
  static let layout = #"""
    :root { --list-size: 13px; }
    body {
      margin: 0; height: 100dvh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
      font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
    }
    body > header { display: flex; align-items: center; gap: 8px; padding: 8px 12px; border-bottom: 1px solid var(--line); }
    #tabs { display: flex; gap: 4px; overflow-x: auto; min-width: 0; scrollbar-width: thin; }
    #views { display: flex; padding: 6px 12px 0; gap: 6px; }
    #views button { flex: 1; }
    main { flex: 1; min-height: 0; display: grid; gap: 12px; padding: 12px; grid-template-columns: minmax(0, 1fr); }
    .side { display: flex; flex-direction: column; gap: 12px; min-height: 0; min-width: 0; overflow-y: auto; scrollbar-width: thin; }
    .middle { display: flex; flex-direction: column; gap: 12px; min-height: 0; min-width: 0; }
    section { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 12px; min-width: 0; }
    .receiving { flex: 1 1 240px; min-height: 220px; display: flex; flex-direction: column; gap: 8px; padding-bottom: 0; }
    .sending { display: flex; flex-direction: column; gap: 8px; }
    #box { display: grid; gap: 6px; grid-template: 1fr auto / minmax(0, 1fr) auto; }
    #box textarea { grid-row: 1 / 3; }
    #scroller { flex: 1; min-height: 120px; overflow: auto; position: relative; margin: 0 -12px; border-top: 1px solid var(--line); overflow-anchor: none; }
    #window { position: sticky; top: 0; overflow: auto hidden; }
    #rows { position: relative; }
    #spacer { width: 1px; float: right; }
    #peers-section { display: flex; flex-direction: column; gap: 8px; min-height: 180px; flex: 1; }
    #peers { flex: 1; min-height: 64px; max-height: 50dvh; overflow: auto; margin: 0 -12px; border-block: 1px solid var(--line); scrollbar-width: thin; }
    @media (max-width: 759px) {
      body > header { flex-wrap: wrap; padding: 6px 8px; }
      body > header h1 { order: 1; }
      body > header .space { order: 2; }
      #link { order: 3; }
      #language, #theme, #settings { order: 4; }
      #tabs { order: 5; flex: 1 0 calc(100% - 48px); }
      #add { order: 6; }
      #views { padding: 6px 8px 0; }
      main { padding: 8px; overflow-y: auto; display: block; }
      .side, .middle { min-height: 100%; overflow: visible; }
      .receiving #scroller { flex: none; height: max(200px, 38dvh); }
      .message { flex-wrap: wrap; gap: 0 8px; }
      .message .meta { flex-basis: 100%; }
      body[data-view="connection"] main > :not(#view-connection), body[data-view="messages"] main > :not(#view-messages),
      body[data-view="tools"] main > :not(#view-tools) { display: none; }
      .receiving { flex: none; }
      section { padding: 8px; }
      #scroller, #peers { margin: 0 -8px; }
    }
    @media (min-width: 760px) {
      main { grid-template-columns: 280px minmax(0, 1fr); }
      body[data-view="tools"] #view-connection, body:not([data-view="tools"]) #view-tools { display: none; }
      #views [data-view="messages"] { display: none; }
      #views { width: 292px; padding-right: 0; }
    }
    @media (min-width: 1240px) {
      main { grid-template-columns: 300px minmax(0, 1fr) 400px; }
      body #view-connection.side, body #view-tools.side { display: flex !important; }
      #views { display: none; }
    }

    """#
}
