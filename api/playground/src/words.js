// What the page says in its own words, in French and in English. Answers speak the language that the browser asks for.

const EN = {
  language: "en",
  title: "Envoi, playground",
  signedOut: "Nobody is signed in: run the first tab.",
  signedIn: (viewer) => `${viewer.displayName}, ${viewer.structure.name}`,
  signOut: "Sign out",
  licences: "Licences",
  missing: (name, tab) => `{{${name}}} is not known yet: run the tab ${tab} first, or write a value in its place.`,
  noOther: (name, others) => `Your structure has no {{${name}}}: write one that it has in its place: ${others.join(", ")}.`,
  closed: (code, reason) => `The WebSocket was closed: ${code} ${reason}`.trim(),
  notJson: (status) => `The server answered with status ${status}, and no JSON.`,
  story: {
    signIn: [
      "Sign in",
      "Run this: ▶, or Ctrl-Enter. Marie may send SMS for her music school. The next tabs ask in her name by themselves.",
    ],
    people: [
      "Find people",
      "Here, the musicians whom an SMS can reach. {{tag:Musicien}} stands for the id of that tag, which the sign-in told.",
    ],
    preview: [
      "Preview a message",
      "The text as it will arrive, its cost, what the rules object to; nothing is sent. See in metrics what ç does: remaining is what the rules still allow, remainingInSegment what still fits for the same price. With a messageCount of 0, nobody would get it: Send then refuses, whatever the outcome.",
    ],
    send: [
      "Send it",
      "What was previewed, exactly and once: run this twice, and it is sent once. Then go to Watch: reports come in soon.",
    ],
    watch: [
      "Watch it arrive",
      "Over a WebSocket, until you stop it with ■. COMPLETED: all are handed over; reports still come in. In the demo, nothing leaves your machine.",
    ],
    rules: [
      "See the rules",
      "This signs in as the administrator, who keeps them. Preview again afterwards: that account never sends.",
    ],
  },
};

const FR = {
  language: "fr",
  title: "Envoi, bac à sable",
  signedOut: "Personne n’est connecté : lancez le premier onglet.",
  signedIn: EN.signedIn,
  signOut: "Se déconnecter",
  licences: "Licences",
  missing: (name, tab) =>
    `{{${name}}} n’est pas encore connu : lancez d’abord l’onglet ${tab}, ou écrivez une valeur à la place.`,
  noOther: (name, others) => `Votre structure n’a pas de {{${name}}} : écrivez à la place ce qu’elle a : ${others.join(", ")}.`,
  closed: (code, reason) => `La connexion WebSocket a été fermée : ${code} ${reason}`.trim(),
  notJson: (status) => `Le serveur a répondu avec le statut ${status}, sans JSON.`,
  story: {
    signIn: [
      "Se connecter",
      "Lancez ceci : ▶, ou Ctrl-Entrée. Marie peut envoyer des SMS pour son école de musique. Les onglets suivants demandent en son nom, d’eux-mêmes.",
    ],
    people: [
      "Trouver des personnes",
      "Ici, les musiciens qu’un SMS peut joindre. {{tag:Musicien}} tient lieu de l’identifiant de ce tag, que la connexion a donné.",
    ],
    preview: [
      "Voir un aperçu",
      "Le texte tel qu’il arrivera, son coût, ce que les règles objectent ; rien n’est envoyé. Voyez dans metrics ce qu’y change le ç : remaining est ce que les règles permettent encore, remainingInSegment ce qui tient encore au même prix. Si messageCount vaut 0, personne ne le recevrait : Send refuse alors, quel que soit outcome.",
    ],
    send: [
      "Envoyer",
      "Ce que l’aperçu a montré, exactement et une fois : lancez deux fois, un seul envoi part. Puis passez à Watch : les accusés arrivent bientôt.",
    ],
    watch: [
      "Suivre l’arrivée",
      "Par WebSocket, jusqu’à ce que vous l’arrêtiez par ■. COMPLETED : tout est remis ; des accusés arrivent encore. Dans la démo, rien ne quitte votre machine.",
    ],
    rules: [
      "Voir les règles",
      "Ceci vous connecte comme administrateur, qui les tient. Refaites ensuite un aperçu : ce compte n’envoie jamais.",
    ],
  },
};

/** The words for a reader of these languages, in order of preference: French, as the API's, when none is ours. */
export function wordsFor(languages) {
  const ours = languages.map((language) => language.slice(0, 2)).find((language) => language === "fr" || language === "en");
  return ours === "en" ? EN : FR;
}
