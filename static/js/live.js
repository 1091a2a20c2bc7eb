/* The push channel. A message only says which kind of thing changed; panels that listen for
   `live:<kind>` fetch themselves again. After a lost connection every kind is announced, since
   anything may have been missed. */

const KINDS = ["queue", "ahead", "run", "model", "comparison", "progress", "quality", "review", "import", "projects", "comments"];
const LONGEST_WAIT_MS = 15_000;

const announce = (kind, detail = {}) =>
  document.body.dispatchEvent(new CustomEvent(`live:${kind}`, { bubbles: true, detail }));

export function connect(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let attempt = 0;
  let seenBefore = false;

  const open = () => {
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      document.body.dataset.liveState = "open";
      attempt = 0;
      if (seenBefore) for (const kind of KINDS) announce(kind, { kind, reconnected: true });
      seenBefore = true;
    });
    socket.addEventListener("message", (event) => {
      let message;
      try { message = JSON.parse(event.data); } catch { return; }
      const kind = message.kind ?? message.type;
      if (KINDS.includes(kind)) announce(kind, message);
    });
    socket.addEventListener("close", (event) => {
      // 44xx: the server says no (signed out, no longer a member); asking again changes nothing.
      if (event.code >= 4400 && event.code < 4500) { document.body.dataset.liveState = "refused"; return; }
      document.body.dataset.liveState = "lost";
      const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt++) * (0.75 + Math.random() / 2);
      setTimeout(open, wait);
    });
  };
  open();
}

if (document.body.dataset.live) connect(document.body.dataset.live);
