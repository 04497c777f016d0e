internal import SockeyeText

/// How the page looks: one column on a narrow screen, two on a wide one, in the reader's light or dark.
enum PageStyle {
  /// The style sheet.
  static let text =
    PagePalette.style + #"""
      body {
        margin: 0; background: var(--ground); color: var(--ink);
        font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", sans-serif;
      }
      header, main { max-width: 1640px; margin: 0 auto; padding: 0 16px; }
      header { padding-top: 16px; }
      h1 { font-size: 22px; line-height: 1.25; margin: 0 0 6px; overflow-wrap: anywhere; }
      h2 { font-size: 16px; margin: 0 0 8px; }
      p { margin: 0 0 8px; max-width: 72ch; }
      .quiet { color: var(--quiet); }
      .switches { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
      button, select {
        font: inherit; font-size: 14px; color: inherit; background: var(--sheet); border: 1px solid var(--line);
        border-radius: 6px; padding: 4px 10px; min-height: 32px; cursor: pointer;
      }
      button:hover { border-color: var(--quiet); }
      button[aria-pressed="true"] { background: var(--chosen); border-color: var(--warn); }
      :focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
      .player {
        position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; gap: 6px; align-items: center;
        background: var(--ground); border-bottom: 1px solid var(--line); padding: 8px 0; margin-bottom: 12px;
      }
      .player input { flex: 1 1 120px; min-width: 80px; accent-color: var(--first); }
      .player output { font: 13px var(--mono); white-space: nowrap; }
      .player button { min-width: 40px; display: inline-grid; place-content: center; }
      .icon path { fill: currentColor; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; }
      .columns { display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr); }
      @media (min-width: 1080px) {
        .columns { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); align-items: start; }
        .diagram { position: sticky; top: 64px; }
        .diagram .scroller { height: calc(100vh - 190px); }
        .facts { max-height: 500px; overflow: auto; }
        .pair { display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
      }
      section {
        background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 12px; margin-bottom: 20px;
        min-width: 0;
      }
      svg { display: block; }
      svg text { fill: var(--ink); font-family: var(--mono); }
      .ends { display: grid; grid-template-columns: 92px 1fr 92px; font-weight: 600; gap: 4px; }
      .ends span { overflow-wrap: anywhere; }
      .ends span:first-child { grid-column: 1 / 3; color: var(--first); }
      .ends span:last-child { text-align: right; color: var(--second); grid-column: 2 / 4; }
      .ends.short span:first-child { grid-column: 1; }
      .ends.short span:last-child { grid-column: 3; }
      .scroller { height: 62vh; min-height: 280px; overflow: auto; position: relative; border-top: 1px solid var(--line); }
      .window { position: sticky; top: 0; overflow: hidden; }
      .row {
        position: absolute; left: 0; right: 0; height: 46px; display: grid; grid-template-columns: 92px 1fr 92px;
        border-bottom: 1px solid transparent; cursor: pointer; font: 11px/1.3 var(--mono);
      }
      .row:hover { background: color-mix(in srgb, var(--chosen) 50%, transparent); }
      .row[aria-selected="true"] { background: var(--chosen); }
      .row > div { padding: 6px 4px; color: var(--quiet); overflow: hidden; }
      .row > div:first-child { text-align: right; }
      .row > div:last-child { grid-column: 3; }
      .row .entered { color: var(--ink); font-weight: 700; }
      .row i { display: block; font-style: normal; }
      .overlay { position: absolute; top: 0; left: 92px; pointer-events: none; }
      .overlay text { font-size: 12px; paint-order: stroke; stroke: var(--sheet); stroke-width: 4px; stroke-linejoin: round; }
      .overlay text.note { fill: var(--warn); font-size: 11px; font-family: inherit; }
      .overlay text.bad { fill: var(--bad); }
      .overlay text.quiet { fill: var(--quiet); font-size: 10px; }
      .life { stroke: var(--quiet); stroke-width: 1.5; }
      .arrow { fill: none; stroke-width: 1.6; }
      .first { stroke: var(--first); } .second { stroke: var(--second); } .third { stroke: var(--third); }
      .warn { stroke: var(--warn); } .bad { stroke: var(--bad); }
      .crowded .arrow { opacity: 0.3; }
      .arrow.chosen, .crowded .arrow.chosen { opacity: 1; stroke-width: 3; }
      .head.first { fill: var(--first); stroke: none; } .head.second { fill: var(--second); stroke: none; }
      .lost { stroke: var(--bad); stroke-dasharray: 5 4; }
      .pending { stroke-dasharray: 2 4; }
      .field { fill: none; stroke: var(--line); }
      .field.set { fill: var(--chosen); }
      .bits text { font-size: 10px; text-anchor: middle; }
      .bits .name { font-family: inherit; fill: var(--ink); font-size: 11px; }
      .bits .ruler { fill: var(--quiet); font-size: 9px; }
      .bits .zero { fill: var(--quiet); }
      table { border-collapse: collapse; width: 100%; font-size: 13px; }
      th, td { text-align: left; padding: 3px 6px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
      th { font-weight: 600; overflow-wrap: anywhere; }
      thead th, tr th:nth-child(2) { white-space: nowrap; }
      td { font-family: var(--mono); font-size: 12px; overflow-wrap: anywhere; }
      td.words, th small { font: 12px/1.4 system-ui, sans-serif; color: var(--quiet); font-weight: 400; display: block; }
      td.words { display: table-cell; }
      .machine text { font-size: 10.5px; text-anchor: middle; }
      .machine rect { fill: var(--sheet); stroke: var(--line); stroke-width: 1.2; }
      .machine rect.been { stroke: var(--quiet); stroke-width: 1.6; }
      .machine rect.here { fill: var(--chosen); stroke: var(--warn); stroke-width: 2.4; }
      .machine .edge { fill: none; stroke: var(--line); stroke-width: 1.2; }
      .machine .edge.first { stroke: var(--first); stroke-width: 2.4; }
      .machine .edge.second { stroke: var(--second); stroke-width: 2.4; }
      .machine .at { font-weight: 700; }
      .path { font: 12px/1.6 var(--mono); overflow-wrap: anywhere; margin: 8px 0 0; }
      .path b.first, .legend .first { color: var(--first); } .path b.second, .legend .second { color: var(--second); }
      .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; margin: 0 0 4px; }
      .legend .third { color: var(--third); } .legend .warn { color: var(--warn); } .legend .bad { color: var(--bad); }
      .plot svg { cursor: crosshair; touch-action: pan-y; }
      .plot path { fill: none; stroke-width: 1.4; }
      .plot path.first.fill { stroke-width: 2; }
      .plot path.dots { stroke-width: 3; stroke-linecap: round; }
      .plot .grid { stroke: var(--line); stroke-width: 1; }
      .plot .now { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; }
      .plot text { font-size: 10px; fill: var(--quiet); }
      .plot h3 { font-size: 14px; margin: 12px 0 2px; }
      kbd { font: 12px var(--mono); border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; }
      .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      @media (max-width: 480px) {
        header, main { padding-left: 8px; padding-right: 8px; }
        section { padding: 8px; }
        .row { grid-template-columns: 76px 1fr 76px; font-size: 9.5px; }
        .row > div { padding: 6px 2px; }
        .overlay { left: 76px; }
        .overlay text { font-size: 11px; }
        .player button { min-width: 36px; padding: 4px 6px; }
        .scroller { height: 56vh; }
      }
      """#
}
