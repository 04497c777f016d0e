/// What the listing's page looks like and does. No part of it depends on a name or on a request, so that a
/// Content-Security-Policy can allow exactly this text.
enum ListingPage {
  static let style = """
    :root{color-scheme:light dark;--line:#8883;--dim:#777;--link:#0b62c4}
    @media(prefers-color-scheme:dark){:root{--dim:#999;--link:#7ab8ff}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:64rem;padding:1rem;font:16px/1.5 system-ui,sans-serif}
    header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;padding-bottom:.75rem}
    nav{flex:1 1 16rem;font-size:1.2rem;font-weight:600;overflow-wrap:anywhere}
    nav a+a{margin-left:.1em}
    input{font:inherit;padding:.25rem .6rem;border:1px solid var(--line);border-radius:.4rem;min-width:12rem}
    .actions{color:var(--dim)}
    a{color:var(--link);text-decoration:none}
    a:hover{text-decoration:underline}
    table{width:100%;border-collapse:collapse}
    th{text-align:left;font-weight:600;border-bottom:2px solid var(--line);user-select:none;white-space:nowrap}
    th button{all:unset;cursor:pointer}
    th button:focus-visible{outline:2px solid var(--link)}
    th[aria-sort=ascending] button::after{content:" \\2191"}
    th[aria-sort=descending] button::after{content:" \\2193"}
    td,th{padding:.3rem .5rem}
    td{border-bottom:1px solid var(--line)}
    tbody tr:hover{background:#8881}
    td.name{overflow-wrap:anywhere}
    .size,.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
    td.size,td.time{color:var(--dim)}
    #drop{border:2px dashed var(--line);border-radius:.5rem;padding:1rem;text-align:center;color:var(--dim)}
    #drop.over{border-color:var(--link)}
    @media(max-width:36rem){.time{display:none}}
    """

  static let script = """
    "use strict";
    const body=document.querySelector("tbody"),up=body.querySelector(".up");
    const rows=[...body.rows].filter(r=>r!==up);
    const order=new Intl.Collator(undefined,{numeric:true,sensitivity:"base"});
    const text=r=>r.querySelector("bdi").textContent,folder=r=>r.dataset.size==="-1";
    const by={name:(a,b)=>order.compare(text(a),text(b)),size:(a,b)=>a.dataset.size-b.dataset.size,
    time:(a,b)=>a.dataset.time-b.dataset.time};
    const heads=[...document.querySelectorAll("th")];
    for(const head of heads){
    const button=document.createElement("button");button.textContent=head.textContent;head.replaceChildren(button);
    button.addEventListener("click",()=>{
    const down=head.ariaSort==="ascending";
    for(const other of heads)other.ariaSort="none";
    head.ariaSort=down?"descending":"ascending";
    const compare=by[head.className];
    rows.sort((a,b)=>(folder(b)-folder(a))||(down?compare(b,a):compare(a,b)));
    body.append(...rows)})}
    const search=document.getElementById("search"),none=document.getElementById("none");
    search.hidden=false;
    search.addEventListener("input",()=>{
    const words=search.value.toLowerCase().split(/\\s+/).filter(Boolean);let found=0;
    for(const row of rows){const name=text(row).toLowerCase();row.hidden=!words.every(w=>name.includes(w));found+=!row.hidden}
    none.hidden=found>0||!words.length});
    addEventListener("keydown",event=>{if(event.key==="/"&&document.activeElement!==search){event.preventDefault();search.focus()}});
    const drop=document.getElementById("drop");
    if(drop){
    drop.hidden=false;const state=document.getElementById("state");
    addEventListener("dragover",event=>{event.preventDefault();drop.classList.add("over")});
    addEventListener("dragleave",()=>drop.classList.remove("over"));
    addEventListener("drop",async event=>{
    event.preventDefault();drop.classList.remove("over");let failed=0;
    for(const file of event.dataTransfer.files){
    state.textContent="Uploading "+file.name;
    try{const answer=await fetch(encodeURIComponent(file.name),{method:"PUT",body:file});
    if(!answer.ok){failed++;state.textContent=file.name+": "+await answer.text()}}
    catch{failed++;state.textContent=file.name+": the connection was lost"}}
    if(!failed)location.reload()})}
    """
}
