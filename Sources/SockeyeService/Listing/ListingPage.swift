/// What the listing's page looks like and does. No part of it depends on a name or on a request, so that a
/// Content-Security-Policy can allow exactly this text.
enum ListingPage {
  static let style = """
    :root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1c2128;--dim:#68707b;--line:#e3e6ea;--hover:#f4f7fb;
    --link:#0b5cad;--folder:#d79a1c;--bad:#b3261e}
    @media(prefers-color-scheme:dark){:root{--page:#101317;--card:#181c22;--text:#e3e7ec;--dim:#8d97a5;--line:#2a3038;
    --hover:#1f252d;--link:#79b8ff;--folder:#e0ac45;--bad:#ff8a80}}
    *{box-sizing:border-box}
    [hidden]{display:none!important}
    body{margin:0 auto;max-width:66rem;padding:1.25rem 1rem 2rem;font:16px/1.5 system-ui,sans-serif;background:var(--page);
    color:var(--text)}
    a{color:var(--link);text-decoration:none}
    a:hover{text-decoration:underline}
    :focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:.25rem}
    svg{width:1.25rem;height:1.25rem;flex:none;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;
    stroke-linejoin:round;color:var(--dim)}
    header{display:flex;flex-wrap:wrap;gap:.6rem .75rem;align-items:center;padding:0 .25rem 1rem}
    nav{flex:1 1 16rem;display:flex;flex-wrap:wrap;align-items:center;gap:.15rem .4rem;font-size:1.125rem;font-weight:600;
    overflow-wrap:anywhere}
    nav a{display:flex;color:inherit}
    nav svg{color:var(--link)}
    nav i{color:var(--dim);font-style:normal;font-weight:400}
    input,.actions button{font:inherit;padding:.3rem .75rem;background:var(--card);border:1px solid var(--line);
    border-radius:.5rem}
    input{color:inherit;flex:0 1 14rem;min-width:8rem}
    .actions{display:flex;gap:.5rem}
    .actions button{display:flex;align-items:center;gap:.35rem;color:var(--link);cursor:pointer}
    .actions svg{width:1rem;height:1rem;color:inherit}
    main{background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow:hidden}
    table{width:100%;border-collapse:collapse}
    th{text-align:left;font-size:.875rem;font-weight:600;color:var(--dim);user-select:none;white-space:nowrap}
    th button{all:unset;cursor:pointer}
    th button:hover{color:var(--text)}
    th button:focus-visible{outline:2px solid var(--link)}
    th[aria-sort=ascending] button::after{content:" \\2191"}
    th[aria-sort=descending] button::after{content:" \\2193"}
    td,th{padding:.45rem 1rem}
    td{border-top:1px solid var(--line)}
    tbody tr:hover{background:var(--hover)}
    td.name{overflow-wrap:anywhere}
    td.name a{display:flex;align-items:center;gap:.65rem}
    svg.folder{fill:var(--folder);stroke:var(--folder)}
    .size,.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
    .time{padding-left:.5rem}
    td.size,td.time{color:var(--dim);font-size:.9375rem}
    .error{padding:1.5rem 2rem}
    .error h1{margin:0;font-size:1.5rem}
    footer,#none{padding:.75rem 1rem;color:var(--dim);font-size:.875rem;margin:0}
    #drop{margin:0 0 1rem;border:2px dashed var(--line);border-radius:.75rem;padding:.75rem 1rem;color:var(--dim)}
    #drop p{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center;justify-content:center;margin:0}
    #drop button{font:inherit;padding:.3rem .75rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;
    color:var(--link);cursor:pointer}
    #uploads{list-style:none;margin:0;padding:0}
    #uploads li{display:grid;grid-template-columns:minmax(6rem,2fr) minmax(4rem,1fr) minmax(5rem,1fr) auto;gap:.25rem .75rem;
    align-items:center;padding-top:.6rem;font-size:.9375rem}
    #uploads bdi{color:var(--text);overflow-wrap:anywhere}
    #uploads progress{width:100%;accent-color:var(--link)}
    #uploads .failed span{color:var(--bad)}
    #drop.over{border-color:var(--link)}
    @media(max-width:40rem){.time{display:none}nav{flex-basis:100%}input{flex:1}td,th{padding:.5rem .75rem}
    #uploads li{grid-template-columns:1fr auto}#uploads bdi{grid-column:1/-1}#uploads progress{grid-column:1/-1}}
    """

  static let script = """
    "use strict";
    const zh=document.documentElement.lang==="zh",say=(english,chinese)=>zh?chinese:english;
    const body=document.querySelector("tbody");let rows=[];
    const order=new Intl.Collator(undefined,{numeric:true,sensitivity:"base"});
    const text=r=>r.querySelector("bdi").textContent,folder=r=>r.dataset.size==="-1";
    const by={name:(a,b)=>order.compare(text(a),text(b)),size:(a,b)=>a.dataset.size-b.dataset.size,
    time:(a,b)=>a.dataset.time-b.dataset.time};
    const clock=new Intl.DateTimeFormat("sv-SE",{dateStyle:"short",timeStyle:"short"});
    const count=(n,what,zhWhat)=>say(n+" "+what+(n===1?"":"s"),n+" "+zhWhat);
    const heads=[...document.querySelectorAll("th")];
    const search=document.getElementById("search"),none=document.getElementById("none");
    function take(){
    rows=[...body.rows].filter(r=>!r.classList.contains("up"));
    for(const time of body.querySelectorAll("time"))time.textContent=clock.format(new Date(time.dateTime));
    const files=rows.filter(r=>!folder(r)),folders=rows.length-files.length;
    let bytes=files.reduce((sum,r)=>sum+Number(r.dataset.size),0),unit="B";
    for(const next of["KiB","MiB","GiB","TiB","PiB"]){if(bytes<1000)break;bytes/=1024;unit=next}
    bytes=bytes<10&&unit!=="B"?bytes.toFixed(1):Math.round(bytes);
    document.getElementById("summary").textContent=[folders?count(folders,"folder","个文件夹"):"",
    files.length?count(files.length,"file","个文件")+say(", ","，")+bytes+" "+unit:""].filter(Boolean).join(say(", ","，"))
    ||say("This folder is empty.","这个文件夹是空的。");
    sort();find()}
    function sort(){
    const head=heads.find(h=>h.ariaSort!=="none");if(!head)return;
    const down=head.ariaSort==="descending",compare=by[head.className];
    rows.sort((a,b)=>(folder(b)-folder(a))||(down?compare(b,a):compare(a,b)));
    body.append(...rows)}
    function find(){
    const words=search.value.toLowerCase().split(/\\s+/).filter(Boolean);let found=0;
    for(const row of rows){const name=text(row).toLowerCase();row.hidden=!words.every(w=>name.includes(w));found+=!row.hidden}
    none.hidden=found>0||!words.length}
    for(const head of heads){
    const button=document.createElement("button");button.textContent=head.textContent;head.replaceChildren(button);
    button.addEventListener("click",()=>{
    const down=head.ariaSort==="ascending";
    for(const other of heads)other.ariaSort="none";
    head.ariaSort=down?"descending":"ascending";
    sort()})}
    search.hidden=false;
    search.addEventListener("input",find);
    search.addEventListener("keydown",event=>{if(event.key==="Enter")location.search="?q="+encodeURIComponent(search.value)});
    addEventListener("keydown",event=>{if(event.key==="/"&&document.activeElement!==search){event.preventDefault();search.focus()}});
    take();
    """
}
