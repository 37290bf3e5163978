// When did the server last say anything? Kept apart from React: whoever hears of it tells, whoever shows it listens.

export const STALE_MS = 10_000;

export interface Contact {
  /** Of this browser's clock; 0: never. */
  lastAt: number;
  /** Are changes told to us as they happen? */
  isFollowing: boolean;
}

let contact: Contact = { lastAt: 0, isFollowing: false };
const listeners = new Set<() => void>();

function put(next: Contact): void {
  contact = next;
  for (const listener of listeners) {
    listener();
  }
}

export function madeContact(now: number): void {
  put({ ...contact, lastAt: Math.max(contact.lastAt, now) });
}

export function setFollowing(isFollowing: boolean): void {
  if (contact.isFollowing !== isFollowing) {
    put({ ...contact, isFollowing });
  }
}

export function readContact(): Contact {
  return contact;
}

export function listenForContact(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export type ContactState = "waiting" | "live" | "late" | "lost";

/** live: we hear of what happens; late: the server answers, but we do not hear at once; lost: silence. */
export function stateOf({ lastAt, isFollowing }: Contact, now: number): ContactState {
  if (lastAt === 0) {
    return "waiting";
  }
  if (now - lastAt >= STALE_MS) {
    return "lost";
  }
  return isFollowing ? "live" : "late";
}
