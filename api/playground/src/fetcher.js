// How GraphiQL asks: over HTTP, and for subscriptions over a WebSocket, in the name of whoever is signed in.
//
// Addresses are relative to the page, so that it works behind a proxy that serves it under a folder.

import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";

import { Missing, fill, fillDocument } from "./carry.js";

// Close codes of the server's own, 4400 to 4499, tell of what asking again does not mend, such as a token that no longer serves.
const FINAL = { from: 4400, to: 4499 };
// The one of them for a token that does not serve.
const FORBIDDEN = 4403;

const ENDPOINT = new URL("graphql", document.baseURI);

function socketAddress() {
  const address = new URL(ENDPOINT);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

function authorization({ token }) {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** The function that GraphiQL calls for each request: it answers a result, or for a subscription an observable of results. */
export function createFetcher(session, words) {
  async function post(params, headers) {
    const response = await fetch(ENDPOINT, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      body: JSON.stringify(params),
    });
    const answer = await response.json().catch(() => failure(words.notJson(response.status)));
    session.remember(answer);
    return answer;
  }

  function watch(params, headers) {
    const shouldRetry = (cause) => cause instanceof CloseEvent && !isFinal(cause.code);
    const client = createClient({ url: socketAddress(), connectionParams: headers, shouldRetry });
    return {
      subscribe(observer) {
        const next = (answer) => {
          session.remember(answer);
          observer.next(answer);
        };
        const error = (cause) => {
          if (cause instanceof CloseEvent && cause.code === FORBIDDEN) {
            session.forget();
          }
          observer.error(cause instanceof CloseEvent ? failure(words.closed(cause.code, cause.reason)).errors : cause);
        };
        return { unsubscribe: client.subscribe(params, { ...observer, next, error }) };
      },
    };
  }

  return async function fetcher({ query, variables, operationName }, { headers } = {}) {
    const state = session.state();
    const given = { ...authorization(state), ...headers };
    const operation = operationOf(query, operationName);
    try {
      const params = {
        query: fillDocument(query, state.values),
        variables: fill(variables, state.values),
        operationName: operation?.name?.value,
      };
      return operation?.operation === "subscription" ? watch(params, given) : await post(params, given);
    } catch (cause) {
      if (cause instanceof Missing) {
        return failure(
          cause.others.length ? words.noOther(cause.value, cause.others) : words.missing(cause.value, cause.tab),
        );
      }
      throw cause;
    }
  };
}

/**
 * The operation to run; none where the server is to tell what is wrong with the document. GraphiQL looks at a document a
 * moment after it changed: until then, what it calls the operation's name is that of another tab's.
 */
function operationOf(query, operationName) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

/** Whether a socket that was closed with this code would only be closed again. */
function isFinal(code) {
  return code >= FINAL.from && code <= FINAL.to;
}

/** An answer that is only an error of ours. */
function failure(message) {
  return { errors: [{ message }] };
}
