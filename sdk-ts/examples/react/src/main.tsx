import { DevAuthProvider } from "@devauth/sdk/react";
import { createRoot } from "react-dom/client";

import { App } from "./App";
import { client } from "./client";
import "./style.css";

createRoot(document.getElementById("root")!).render(
  <DevAuthProvider client={client}>
    <App />
  </DevAuthProvider>,
);
