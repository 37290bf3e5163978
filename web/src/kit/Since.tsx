import { useTranslation } from "react-i18next";
import { useReader } from "./reader";
import { everyZone, HERE, spanText } from "./time";
import { useNow } from "./useNow";

interface Props {
  at: string;
}

/** How long ago; when, under the pointer. */
export function Since({ at }: Props) {
  const { t, i18n } = useTranslation();
  const { zone } = useReader();
  const date = new Date(at);
  const span = spanText(useNow() - date.getTime(), i18n.language);
  return (
    <time dateTime={at} title={everyZone(date, i18n.language, [HERE, zone])}>
      {t("kit.ago", { span })}
    </time>
  );
}
