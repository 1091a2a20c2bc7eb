/* Unfinished work in this browser: offsets and labels only, never the text. One entry per
   assignment: {revision, spans, refused, seconds, dirty, pending, document, ahead, address, at};
   `ahead`: the server had not given the document yet. */

const PREFIX = "daner:draft:";
const KEPT_FOR_MS = 60 * 24 * 3600 * 1000;

const contentOf = ({ spans = [], refused = [] }) => JSON.stringify([
  spans.map(({ start, end, label }) => [start, end, label]).sort(),
  refused.map(({ start, end, label }) => [start, end, label]).sort(),
]);
export const sameWork = (a, b) => contentOf(a) === contentOf(b);

/** `storage` is the browser's localStorage; one that is full or switched off makes `put` answer false. */
export function createStore(storage, now = Date.now) {
  const parse = (text) => { try { return JSON.parse(text); } catch { return null; } };
  const entries = () => Object.keys(storage).filter((name) => name.startsWith(PREFIX)).map((name) => [name.slice(PREFIX.length), parse(storage.getItem(name))]);
  return {
    keyOf: (assignment) => PREFIX + assignment,
    assignmentOf: (key) => (key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : null),
    parse,
    get(assignment) {
      try { return parse(storage.getItem(PREFIX + assignment)); } catch { return null; }
    },
    put(assignment, entry) {
      try {
        storage.setItem(PREFIX + assignment, JSON.stringify({ ...entry, at: now() }));
        return true;
      } catch { return false; }
    },
    drop(assignment) {
      try { storage.removeItem(PREFIX + assignment); } catch { /* nothing was kept then */ }
    },
    /** Work on this document under an assignment that never came about; asked for once. */
    adrift(document, assignment) {
      try {
        const [name, entry] = entries().find(([name, entry]) => entry?.ahead && entry.document === document && name !== assignment) ?? [];
        if (name) this.drop(name);
        return entry ?? null;
      } catch { return null; }
    },
    /** What other documents still owe the server, oldest first; what is too old is forgotten. */
    owed(except) {
      const found = [];
      try {
        for (const [assignment, entry] of entries()) {
          if (!entry || now() - entry.at > KEPT_FOR_MS) storage.removeItem(PREFIX + assignment);
          else if (assignment !== except && !entry.asked && !entry.ahead && (entry.dirty || entry.pending)) found.push({ assignment, ...entry });
        }
      } catch { /* no storage: nothing is owed */ }
      return found.sort((a, b) => a.at - b.at);
    },
  };
}

/** What a page that opens makes of the server's draft and this browser's: the states to go through,
    each one undo step; the last is shown. `both`: work went on in two places, the newer one won. */
export function reconcile(server, local) {
  const revision = server?.revision ?? 0;
  const saved = server?.spans ? [server] : [];
  if (!local?.dirty) return { steps: saved, revision, dirty: false, both: false };
  if (local.revision >= revision) return { steps: [local], revision, dirty: true, both: false };
  return { steps: [local, ...saved], revision, dirty: false, both: saved.length > 0 && !sameWork(local, server) };
}
