import { useTranslation } from "react-i18next";
import { useReader } from "./reader";
import { clockText, everyZone, HERE } from "./time";
import { useNow } from "./useNow";

interface Props {
  at: string;
  /** By people, to the minute. */
  isPlanned?: boolean;
}

/** An instant at the reader's own clock; the other zones under the pointer. */
export function Instant({ at, isPlanned = false }: Props) {
  const { i18n } = useTranslation();
  const { zone } = useReader();
  const now = new Date(useNow());
  const date = new Date(at);
  return (
    <time dateTime={at} title={everyZone(date, i18n.language, [HERE, zone])}>
      {clockText(date, now, i18n.language, HERE, isPlanned)}
    </time>
  );
}
