// Taking and closing an alert. Nothing is shown as done before the server said so: until then it is on its way.
import { type QueryClient, useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { bodyOf, client } from "~/kit/client";
import { asTrouble, type Trouble } from "~/kit/trouble";
import type { Alert, Status } from "./alert";
import { putAlert } from "./put";

export type Verb = "acknowledge" | "resolve";

/** Is there nothing left to do for this verb? */
export function isDone(verb: Verb, status: Status): boolean {
  return verb === "acknowledge" ? status !== "open" : status === "resolved";
}

export interface Act {
  verb: Verb;
  send: () => void;
  isSending: boolean;
  /** As the server answered, with its own second. */
  done: Alert | undefined;
  trouble: Trouble | undefined;
}

/** So long what came of it is to be seen, wherever the alert is shown. */
const SHOWN_MS = 60_000;

function post(verb: Verb, id: string): Promise<Alert> {
  const asked = { params: { path: { id } }, body: {} };
  return bodyOf(verb === "acknowledge"
    ? client.POST("/api/v1/alerts/{id}/acknowledge", asked)
    : client.POST("/api/v1/alerts/{id}/resolve", asked));
}

/** However it ended, what is shown is asked for anew: of a lost answer nobody knows whether it was done. */
function look(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({ queryKey: ["alert"] });
}

export function useAct(verb: Verb, id: string): Act {
  const queries = useQueryClient();
  const mutationKey = ["alert", verb, id];
  const { mutate } = useMutation({
    mutationKey,
    mutationFn: () => post(verb, id),
    onSuccess: (alert) => putAlert(queries, alert),
    onSettled: () => { void look(queries); },
    gcTime: SHOWN_MS,
  });
  // Not of this place alone: the card moves to another list when it is taken.
  const last = useMutationState({ filters: { mutationKey, exact: true }, select: ({ state }) => state }).at(-1);
  return {
    verb,
    send: () => mutate(),
    isSending: last?.status === "pending",
    done: last?.status === "success" ? last.data as Alert : undefined,
    trouble: last?.status === "error" ? asTrouble(last.error) : undefined,
  };
}
