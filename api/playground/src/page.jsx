// The page: a line that tells who is signed in, and GraphiQL below it.

import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { GraphiQL } from "graphiql";
import { useMemo, useSyncExternalStore } from "react";

import { createFetcher } from "./fetcher.js";
import { createSession } from "./session.js";
import { memoryStorage } from "./storage.js";
import { tabs } from "./tabs.js";

const SIGN_OUT = "mutation SignOut { signOut { errors { code } } }";

export function Page({ words }) {
  const { session, fetcher, storage, defaultTabs } = useMemo(() => {
    const session = createSession();
    const fetcher = createFetcher(session, words);
    return { session, fetcher, storage: memoryStorage(), defaultTabs: tabs(words) };
  }, [words]);
  const { viewer } = useSyncExternalStore(session.subscribe, session.state);
  return (
    <>
      <header>
        <strong>Envoi</strong>
        <span id="viewer">{viewer ? words.signedIn(viewer) : words.signedOut}</span>
        {viewer && (
          <button type="button" id="sign-out" onClick={() => fetcher({ query: SIGN_OUT })}>
            {words.signOut}
          </button>
        )}
        <a href={document.querySelector("link[rel=license]").href}>{words.licences}</a>
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          defaultTabs={defaultTabs}
          initialVariables={defaultTabs[0].variables}
          defaultEditorToolsVisibility="variables"
          plugins={[]}
          referencePlugin={DOC_EXPLORER_PLUGIN}
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        />
      </main>
    </>
  );
}
