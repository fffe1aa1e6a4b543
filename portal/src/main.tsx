import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import * as z from "zod/mini";
import { App } from "./app";
import { followTheme } from "./lib/theme";
import "./styles.css";

// Zod compiles schemas with `new Function` where it may; our Content-Security-Policy would report the attempt.
z.config({ jitless: true });
followTheme();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has an element with the id root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
