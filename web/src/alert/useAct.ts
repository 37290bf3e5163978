// Taking and closing an alert. Nothing is shown as done before the server said so: until then it is on its way.
import { type QueryClient, useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { bodyOf, client } from "~/kit/client";
import { asTrouble, type Trouble } from "~/kit/trouble";
import type { Alert } from "./alert";
import { putAlert } from "./put";
import type { Verb } from "./verbs";

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

/** As the button says it. */
const SNOOZE_FOR = "1h";

function post(verb: Verb, id: string): Promise<Alert> {
  const params = { path: { id } };
  switch (verb) {
    case "acknowledge": return bodyOf(client.POST("/api/v1/alerts/{id}/acknowledge", { params, body: {} }));
    case "resolve": return bodyOf(client.POST("/api/v1/alerts/{id}/resolve", { params, body: {} }));
    case "escalate": return bodyOf(client.POST("/api/v1/alerts/{id}/escalate", { params, body: {} }));
    case "snooze": return bodyOf(client.POST("/api/v1/alerts/{id}/snooze", { params, body: { for: SNOOZE_FOR } }));
  }
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
