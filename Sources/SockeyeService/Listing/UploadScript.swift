/// What the page does that takes files: several at once, each with its progress, its outcome, and a way to stop it and to
/// go on. Beside the listing's own script, and only where there are uploads.
enum UploadScript {
  static let text = """
    "use strict";
    const drop=document.getElementById("drop"),list=document.getElementById("uploads");
    const atOnce=3,mostTries=40,waiting=[],folders=new Map();let active=0,stored=0;
    const pause=milliseconds=>new Promise(done=>setTimeout(done,milliseconds));
    const escaped=path=>path.split("/").map(encodeURIComponent).join("/");
    const above=path=>path.split("/").slice(0,-1).join("/");
    const problem=status=>({401:say("a password is needed","需要密码"),403:say("not allowed","不允许"),
    409:say("there is something of that name","已有同名的项目"),423:say("somebody else is uploading it","有人正在上传它"),
    507:say("no room left","没有空间了")})[status]??say("the server answers "+status,"服务器回答 "+status);

    function show(one,phase,text){
    one.phase=phase;one.row.className=phase;one.state.textContent=text;
    const isUnderWay=phase==="waiting"||phase==="sending";
    one.button.hidden=phase==="stored";one.button.textContent=isUnderWay?say("Cancel","取消"):say("Try again","重试");
    one.button.ariaLabel=one.button.textContent+say(": ","：")+one.path}

    function enqueue(file,path){
    const one={file,path,request:null};
    for(const[key,kind]of[["row","li"],["name","bdi"],["bar","progress"],["state","span"],["button","button"]])
    one[key]=document.createElement(kind);
    one.name.textContent=path;one.bar.max=Math.max(file.size,1);one.bar.ariaLabel=path;one.button.type="button";
    one.button.addEventListener("click",()=>{
    if(one.phase==="waiting")waiting.splice(waiting.indexOf(one),1);
    if(one.phase==="sending"){one.isCancelled=true;one.request?.abort();return}
    if(one.phase==="waiting")show(one,"failed",say("cancelled","已取消"));else wait(one)});
    one.row.append(one.name,one.bar,one.state,one.button);list.append(one.row);wait(one)}

    function wait(one){
    one.isCancelled=false;one.bar.value=0;waiting.push(one);show(one,"waiting",say("waiting","等待中"));next()}

    async function next(){
    if(active>=atOnce||!waiting.length)return;
    const one=waiting.shift();active++;show(one,"sending","0 %");
    try{
    const status=await send(one);
    if(status<300){stored++;one.bar.value=one.bar.max;show(one,"stored",say("stored","已存好"))}
    else show(one,"failed",problem(status))}
    catch{show(one,"failed",one.isCancelled?say("cancelled","已取消")
    :say("the connection was lost; what arrived is kept","连接断开了；已到达的部分会保留"))}
    active--;
    if(!active&&!waiting.length&&stored){stored=0;refresh()}
    next()}

    function makeFolder(path){
    if(!path)return Promise.resolve();
    if(!folders.has(path))folders.set(path,makeFolder(above(path)).then(()=>fetch(escaped(path)+"/",{method:"MKCOL"}))
    .catch(lost=>{folders.delete(path);throw lost}));
    return folders.get(path)}

    async function send(one){
    const{file,path}=one,url=escaped(path),key="upload "+new URL(url,location).pathname,mark=file.size+" "+file.lastModified;
    await makeFolder(above(path));
    for(let tries=0;tries<mostTries&&!one.isCancelled;tries++){
    const there=await fetch(url,{method:"HEAD"});
    if(there.ok&&drop.dataset.exists==="fail")return 409;
    const kept=Number(there.headers.get("Upload-Offset"));
    const first=localStorage.getItem(key)===mark&&kept<file.size?kept:0;
    localStorage.setItem(key,mark);
    const{status,offset}=await put(one,url,first);
    if(status<300)localStorage.removeItem(key);
    // Somebody is at it, perhaps an earlier connection of ours whose end isn't known yet; or that one got further.
    if(status!==423&&!(status===409&&offset!==null))return status;
    await pause(250)}
    if(one.isCancelled)throw 0;
    return 423}

    const put=(one,url,first)=>new Promise((done,lost)=>{
    if(one.isCancelled)return lost();
    const{file}=one,request=one.request=new XMLHttpRequest();
    request.open("PUT",url);
    if(first)request.setRequestHeader("Content-Range",`bytes ${first}-${file.size-1}/${file.size}`);
    request.upload.addEventListener("progress",event=>{
    one.bar.value=first+event.loaded;one.state.textContent=Math.floor(one.bar.value/one.bar.max*100)+" %"});
    request.addEventListener("load",()=>done({status:request.status,
    offset:request.getResponseHeader("Upload-Offset")}));
    for(const end of["error","abort","timeout"])request.addEventListener(end,()=>lost());
    request.send(first?file.slice(first):file)});

    async function refresh(){
    const page=await fetch("?html").then(answer=>answer.text());
    body.replaceChildren(...new DOMParser().parseFromString(page,"text/html").querySelector("tbody").rows);take()}

    const isSeen=path=>!path.split("/").some(name=>name.startsWith("."));
    function choose(files){for(const file of files){
    const path=file.webkitRelativePath||file.name;if(isSeen(path))enqueue(file,path)}}
    async function walk(entry,path){
    if(entry.name.startsWith("."))return;
    if(entry.isFile)return enqueue(await new Promise((done,lost)=>entry.file(done,lost)),path+entry.name);
    const reader=entry.createReader();
    for(;;){
    const some=await new Promise((done,lost)=>reader.readEntries(done,lost));
    if(!some.length)return;
    for(const inner of some)await walk(inner,path+entry.name+"/")}}

    drop.hidden=false;
    for(const kind of["files","folder"]){
    const input=document.getElementById("picked-"+kind);
    document.getElementById("choose-"+kind).addEventListener("click",()=>input.click());
    input.addEventListener("change",()=>{choose(input.files);input.value=""})}
    addEventListener("dragover",event=>{event.preventDefault();drop.classList.add("over")});
    addEventListener("dragleave",()=>drop.classList.remove("over"));
    addEventListener("drop",event=>{
    event.preventDefault();drop.classList.remove("over");
    const entries=[...event.dataTransfer.items].map(item=>item.webkitGetAsEntry?.()).filter(Boolean);
    if(entries.length)entries.reduce((before,entry)=>before.then(()=>walk(entry,"")),Promise.resolve());
    else choose(event.dataTransfer.files)});
    addEventListener("beforeunload",event=>{if(active)event.preventDefault()});
    """
}
