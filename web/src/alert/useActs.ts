import type { Status } from "./alert";
import { type Act, useAct } from "./useAct";
import { isOffered, type Verb } from "./verbs";

export type Acts = Record<Verb, Act>;

export function useActs(id: string): Acts {
  return {
    acknowledge: useAct("acknowledge", id), resolve: useAct("resolve", id), escalate: useAct("escalate", id), snooze: useAct("snooze", id),
  };
}

/** By key as by button: what is offered, and not while it is on its way. */
export function press(acts: Acts, verb: Verb, status: Status, can: (permit: string) => boolean): void {
  if (isOffered(verb, status, can) && !acts[verb].isSending) {
    acts[verb].send();
  }
}
