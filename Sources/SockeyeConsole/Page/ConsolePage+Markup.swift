extension ConsolePage {
  /// The document. Words are put in by the script, in the language that is shown.
  static let markup = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="light dark">
    <title>Sockeye console</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/style.css">
    <script type="module" src="/script.js"></script>
    </head>
    <body data-view="connection">
    <noscript>This page needs its own script; allow it to run. 本页面需要运行自带的脚本。</noscript>
    <header>
      <h1>Sockeye</h1>
      <div id="tabs" role="tablist" data-label="sessions"></div>
      <button id="add" data-label="newSession" aria-keyshortcuts="Alt+N">+</button>
      <span class="space"></span>
      <span id="link" role="status"></span>
      <button id="language" data-label="otherLanguage"></button>
      <button id="theme" data-label="otherTheme"></button>
      <button id="settings" data-word="settings"></button>
    </header>
    <nav id="views" data-label="views">
      <button data-view="connection" data-word="connection"></button>
      <button data-view="messages" data-word="messages"></button>
      <button data-view="tools" data-word="tools"></button>
    </nav>
    <main>
      <div class="side" id="view-connection">
        <section aria-labelledby="title-connection">
          <h2 id="title-connection" data-word="connection"></h2>
          <form id="panel" autocomplete="off">
            <label class="wide"><span data-word="protocol"></span><select id="protocol"></select></label>
            <div id="fields"></div>
            <button id="power" class="power" aria-keyshortcuts="Alt+O"></button>
            <p id="condition" role="status"></p>
            <details id="more">
              <summary data-word="more"></summary>
              <div id="options"></div>
            </details>
          </form>
          <div id="twin" hidden>
            <div class="line"><h3 data-word="commandLine"></h3><button id="copy-command" data-word="copy"></button></div>
            <code id="command" tabindex="0"></code>
          </div>
          <datalist id="addresses"></datalist><datalist id="remotes"></datalist>
        </section>
        <section id="peers-section" aria-labelledby="title-peers">
          <div class="line"><h2 id="title-peers" data-word="peers"></h2><span id="peer-count" class="quiet"></span></div>
          <div id="peers" role="listbox" aria-multiselectable="true" tabindex="0" data-label="peers"></div>
          <p id="more-peers" class="quiet"></p>
          <div id="peer-tools" class="bar">
            <button id="only" data-word="onlyThese" aria-pressed="false"></button>
            <button id="half-close" data-word="halfClose"></button>
            <button id="kick" class="grave" data-word="kick"></button>
          </div>
          <form id="add-peer" class="bar"><input id="peer-address" class="grow" data-label="peerAddress"
            placeholder="192.0.2.1:9000"><button data-word="addPeer"></button></form>
        </section>
      </div>
      <div class="middle" id="view-messages">
        <section class="receiving" aria-labelledby="title-receiving">
          <div class="bar" id="counters">
            <h2 id="title-receiving" data-word="receiving"></h2>
            <output id="count-in"></output><output id="count-out"></output><output id="count-lost"></output>
            <span class="space"></span>
            <button id="reset" data-word="reset" data-tip="resetTip"></button>
          </div>
          <div class="bar" id="receive-bar">
            <select id="show" data-label="showAs"></select>
            <button id="log" data-word="logMode" aria-pressed="true"></button>
            <button id="wrap" data-word="wrap" aria-pressed="true"></button>
            <button id="follow" data-word="follow" aria-pressed="true" aria-keyshortcuts="End"></button>
            <button id="pause" data-word="pause" aria-pressed="false" aria-keyshortcuts="Alt+P"></button>
            <button id="json" data-word="prettyJSON" aria-pressed="false"></button>
            <button id="ansi" data-word="noANSI" aria-pressed="true"></button>
            <button id="record" data-word="record" aria-pressed="false"></button>
            <details class="menu" id="save-menu"><summary data-word="save"></summary><div class="items"></div></details>
            <details class="menu" id="copy-menu"><summary data-word="copy"></summary><div class="items"></div></details>
            <button id="clear" data-word="clear" aria-keyshortcuts="Alt+L"></button>
          </div>
          <div class="bar" id="filter-bar">
            <select id="direction" data-label="direction"></select>
            <input id="filter" type="search" data-label="filter" data-hint="filter" class="grow" spellcheck="false">
            <input id="search" type="search" data-label="search" data-hint="search" class="grow" spellcheck="false"
              aria-keyshortcuts="Control+F">
            <output id="found"></output>
            <button id="previous" data-label="previous">↑</button><button id="next" data-label="next">↓</button>
          </div>
          <div id="scroller" role="listbox" aria-multiselectable="true" tabindex="0" data-label="messages">
            <div id="spacer" role="none"></div>
            <div id="window" role="none"><div id="rows" role="none"></div></div>
          </div>
        </section>
        <section class="sending" aria-labelledby="title-sending">
          <div class="bar">
            <h2 id="title-sending" data-word="sending"></h2>
            <span id="target" class="quiet"></span>
            <span class="space"></span>
            <div id="form" role="radiogroup" class="switch" data-label="form"></div>
          </div>
          <div id="box">
            <textarea id="message" rows="3" spellcheck="false" data-label="toSend" data-hint="toSend"></textarea>
            <button id="send" class="power" data-word="send" aria-keyshortcuts="Control+Enter"></button>
            <button id="keep" data-word="keepQuick"></button>
          </div>
          <div class="bar" id="send-bar">
            <label><input type="checkbox" id="escapes"><span data-word="escapes"></span></label>
            <label><span data-word="ending"></span><select id="ending"></select></label>
            <label><span data-word="check"></span><select id="check"></select></label>
            <span id="check-range" class="bar" hidden>
              <label><span data-word="from"></span><input id="check-from" type="number" value="0" class="short"></label>
              <label><span data-word="to"></span><input id="check-to" type="number" value="0" class="short"></label>
              <select id="check-order" data-label="order"></select>
            </span>
            <label><input type="checkbox" id="variables"><span data-word="variables"></span></label>
            <details class="menu" id="variable-menu"><summary data-label="insertVariable">${…}</summary><div class="items"></div></details>
            <details class="menu" id="history-menu"><summary data-word="history"></summary><div class="items"></div></details>
          </div>
          <output id="preview" class="preview"></output>
          <div class="bar">
            <label><input type="checkbox" id="empty-after"><span data-word="emptyAfter"></span></label>
            <label><span data-word="every"></span><input id="interval" type="number" min="0" value="1000" class="number"> ms</label>
            <label><span data-word="times"></span><input id="times" type="number" min="1" placeholder="∞" class="short"></label>
            <button id="cycle" data-word="cycle" aria-pressed="false"></button>
            <button id="file" data-word="sendFile"></button>
            <label><input type="checkbox" id="by-line"><span data-word="byLine"></span></label>
          </div>
          <p id="said" role="status"></p>
        </section>
      </div>
      <div class="side tools" id="view-tools">
        <section aria-labelledby="title-quick">
          <h2 id="title-quick" data-word="quick"></h2>
          <div id="tool-quick"></div>
        </section>
        <section id="holding-section" aria-labelledby="title-holding" hidden>
          <div class="line"><h2 id="title-holding" data-word="forwarder"></h2><span id="held-count" class="quiet"></span>
            <button id="hold" data-word="hold" aria-pressed="false"></button></div>
          <ol id="held" class="quick"></ol>
        </section>
        <section aria-labelledby="title-rules">
          <h2 id="title-rules" data-word="rules"></h2>
          <div id="tool-rules"></div>
        </section>
        <section id="status-section" aria-labelledby="title-status" hidden>
          <div class="line"><h2 id="title-status" data-word="status"></h2><bdi id="status-peer" class="quiet"></bdi>
            <a id="diagram" class="button" target="_blank" rel="noopener" data-word="diagram"></a></div>
          <table id="status-table"></table>
          <canvas id="rtts" role="img" data-label="roundTrips"></canvas>
        </section>
        <section aria-labelledby="title-rate">
          <div class="line"><h2 id="title-rate" data-word="rate"></h2><output id="rate-text" class="quiet"></output></div>
          <canvas id="rates" role="img" data-label="rate"></canvas>
        </section>
      </div>
    </main>
    <dialog id="dialog" aria-labelledby="dialog-title"></dialog>
    <div id="announce" class="unseen" role="status" aria-live="polite"></div>
    </body>
    </html>

    """#
}
