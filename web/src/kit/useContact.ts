import { useSyncExternalStore } from "react";
import { type ContactState, listenForContact, readContact, stateOf } from "./contact";
import { useNow } from "./useNow";

export interface ShownContact {
  state: ContactState;
  /** Since the last word of the server. */
  silentS: number;
}

export function useContact(): ShownContact {
  const contact = useSyncExternalStore(listenForContact, readContact);
  const now = Math.max(useNow(), contact.lastAt);
  return { state: stateOf(contact, now), silentS: Math.floor((now - contact.lastAt) / 1000) };
}
