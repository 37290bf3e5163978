import { createContext, useContext } from "react";
import { HERE } from "./time";

/** Who looks at this, as far as a part of a page must know. */
export interface Reader {
  login: string;
  name: string;
  /** Of their profile; where the browser is may be elsewhere. */
  zone: string;
  can: (permit: string) => boolean;
}

export const NOBODY: Reader = { login: "", name: "", zone: HERE, can: () => false };

export const ReaderContext = createContext<Reader>(NOBODY);

export function useReader(): Reader {
  return useContext(ReaderContext);
}
