import "./styles";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { beginLanguages } from "~/kit/languages";
import { App } from "./App";

const place = document.getElementById("root");
// A module's own element is not known to it; of scripts with a nonce there is this one.
const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";

if (place !== null) {
  await beginLanguages();
  createRoot(place).render(<StrictMode><App nonce={nonce} /></StrictMode>);
}
