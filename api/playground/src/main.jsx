// The entry: the page, in the reader's language.

import "./workers.js";
import { createRoot } from "react-dom/client";

import { Page } from "./page.jsx";
import { wordsFor } from "./words.js";

const words = wordsFor(navigator.languages);
document.documentElement.lang = words.language;
document.title = words.title;
createRoot(document.getElementById("page")).render(<Page words={words} />);
