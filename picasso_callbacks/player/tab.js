// The tab: the player in TensorBoard, over its server. TensorBoard calls `render` in a frame of its own.

import {render as show} from "./player.js";

const PATIENCE = 20_000;  // milliseconds
const LIVE = 5_000;
const OWN = "p.picasso.";

async function get(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(PATIENCE), credentials: "same-origin"});
  if (!answer.ok) throw new Error(`the server says ${answer.status}`);
  return answer;
}

const source = {
  index: async () => (await get("./index")).json(),
  look: async (run, what) => (await get(`./look?${new URLSearchParams({run, what})}`)).arrayBuffer(),
};

// As much of TensorBoard's plugin library as is needed: messages to the page around this frame, and from it.
function connect() {
  const channel = new MessageChannel(), waiting = new Map(), heard = new Map();
  let last = 0;
  channel.port1.onmessage = ({data}) => {
    const {type, id, payload, isReply} = JSON.parse(data);
    if (isReply) {
      waiting.get(id)?.(payload);
      waiting.delete(id);
    } else {
      heard.get(type)?.(payload);
      channel.port1.postMessage(JSON.stringify({type, id, payload: null, error: null, isReply: true}));
    }
  };
  window.parent.postMessage("experimental.bootstrap", "*", [channel.port2]);
  return {
    ask: (type) => new Promise((done) => {
      waiting.set(last, done);
      channel.port1.postMessage(JSON.stringify({type, id: last++, payload: null, error: null, isReply: false}));
      setTimeout(done, 1000, null);  // a page that does not answer is waited for no longer
    }),
    on: (type, listener) => heard.set(type, listener),
  };
}

function page() {
  try {
    return window.parent.location.href.split("#")[0];
  } catch {  // of another origin, as in some notebooks
    return document.referrer || location.origin;
  }
}

// What a link says: the parts of the page's hash that begin with p.picasso. TensorBoard 2.21 tells a plugin of them only
// once the hash has changed, so the hash itself is read where that is allowed.
async function linked(host) {
  try {
    const parts = window.parent.location.hash.slice(1).split("&").map((each) => each.split("=").map(decodeURIComponent));
    return Object.fromEntries(parts.filter(([name]) => name.startsWith(OWN)).map(([name, value]) => [name.slice(OWN.length), value]));
  } catch {
    return await host.ask("experimental.GetURLPluginData") ?? {};
  }
}

function link(told) {
  const parts = Object.entries(told).map(([name, value]) => `${OWN}${name}=${encodeURIComponent(value)}`);
  return `${page()}#${["picasso", ...parts].join("&")}`;
}

// TensorBoard has a dark mode of its own.
function theme(el) {
  try {
    const dark = () => el.classList.toggle("dark", window.parent.document.body.classList.contains("dark-mode"))
      || el.classList.add("light");
    const follow = () => { el.classList.remove("light"); dark(); };
    follow();
    new MutationObserver(follow).observe(window.parent.document.body, {attributeFilter: ["class"]});
  } catch {}  // then it is as the system is
}

export async function render() {
  document.documentElement.lang = "en";
  document.title = "Picasso";
  const el = document.createElement("div");
  document.body.append(el);
  document.body.style.margin = 0;
  theme(el);
  const host = connect();
  const [css, state] = await Promise.all([
    get("./player.css").then((answer) => answer.text()),
    linked(host),
  ]);
  let player = await show({source, el, css, state, link});
  host.on("experimental.DataReloaded", () => player.reload());
  try {  // a link that is opened where the tab is open already
    window.parent.addEventListener("hashchange", async () => {
      const other = await linked(host);
      if (Object.keys(other).length) player = await show({source, el, css, state: other, link});
    });
  } catch {}
  const watch = async () => {
    if (!document.hidden) await player.reload();
    setTimeout(watch, LIVE);
  };
  setTimeout(watch, LIVE);
}
