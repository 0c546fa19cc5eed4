# Les messages d’Envoi en français, par code. Chaque code a le sien dans en.ftl.

## Demandes qui ne peuvent pas être servies

UNAUTHENTICATED = Connectez-vous : aucun jeton valable n’accompagne la demande (en-tête Authorization: Bearer …).
FORBIDDEN = Ce compte n’a pas l’accès { $access } au module { $module }. Demandez-le à l’administrateur de la structure.
PERMISSIONS_CHANGED = Les droits de ce compte ont changé : abonnez-vous de nouveau.
PAGE_SIZE_INVALID = Demandez entre 0 et { $max } éléments, par « first » ou par « last », mais pas les deux.
CURSOR_INVALID = Ce curseur n’est pas de cette liste : reprenez au début.
INTERNAL = Une erreur est survenue chez nous. Réessayez ; si elle persiste, signalez la demande { $request }.
TIMEOUT = La réponse a pris trop de temps. Demandez moins à la fois, ou réessayez ; ce qui a été entrepris s’achève.
INPUT_INVALID = Une valeur n’a pas la forme que son type demande. { $detail }
COMPLEXITY_EXCEEDED = Cette requête demande trop à la fois : réduisez la taille des pages ou le nombre de champs.
DEPTH_EXCEEDED = Cette requête est trop imbriquée : demandez moins de niveaux.

## HTTP et JSON

NOT_ACCEPTABLE = Aucun format accepté : demandez application/graphql-response+json ou application/json.
METHOD_NOT_ALLOWED = Seules les méthodes GET et POST sont servies ici.
MUTATION_OVER_GET = Une mutation s’envoie par POST.
SUBSCRIPTION_OVER_HTTP = Une souscription passe par un WebSocket, à cette même adresse, avec le protocole graphql-transport-ws.
SUBSCRIPTION_NOT_SINGLE = Une souscription demande un seul champ, écrit à sa racine et non dans un fragment.
ORIGIN_NOT_ALLOWED = Cette page n’est pas de ce site : elle ne peut pas ouvrir de WebSocket ici.
WEBSOCKET_MALFORMED = Cette demande de WebSocket n’est pas complète (RFC 6455).
TOO_MANY_SOCKETS = Trop de WebSockets sont ouverts : réessayez plus tard.
TOO_MANY_OPERATIONS = Ce WebSocket mène déjà { $limit } opérations : terminez-en une d’abord.
TOO_MANY_SUBSCRIPTIONS = Votre compte a déjà { $limit } abonnements, tous ses WebSockets compris : terminez-en un d’abord.
UNSUPPORTED_MEDIA_TYPE = Le corps doit être du JSON en UTF-8 (Content-Type: application/json), non compressé.
BODY_TOO_LARGE = Le corps dépasse { $limit } octets.
BODY_INCOMPLETE = Le corps n’est pas arrivé en entier.
BODY_NOT_JSON = Le corps n’est pas du JSON : erreur ligne { $line }, colonne { $column }.
JSON_TOO_DEEP = Le JSON ouvre plus de { $limit } accolades ou crochets à la fois.
BODY_NOT_AN_OBJECT = Le corps doit être un objet JSON qui contient « query ».
BATCH_NOT_SUPPORTED = Une seule opération par demande : les tableaux ne sont pas acceptés.
QUERY_STRING_MALFORMED = Les paramètres de l’adresse ne sont pas lisibles.
QUERY_MISSING = Le paramètre « query » manque.
PARAMETER_NOT_A_STRING = Le paramètre « { $parameter } » doit être un texte.
PARAMETER_NOT_AN_OBJECT = Le paramètre « { $parameter } » doit être un objet JSON.

## Documents GraphQL

DOCUMENT_TOO_LARGE = Le document dépasse { $limit } octets : passez les valeurs par des variables.
DOCUMENT_TOO_DEEP = Le document ouvre plus de { $limit } accolades, crochets ou parenthèses à la fois.
DOCUMENT_TOO_WIDE = Le document compte plus de { $limit } champs une fois ses fragments développés.
FRAGMENTS_TOO_DEEP = Plus de { $limit } fragments sont imbriqués.
FRAGMENT_CYCLE = Le fragment « { $name } » se contient lui-même.
FRAGMENT_DUPLICATED = Le fragment « { $name } » est défini deux fois (ligne { $line }, colonne { $column }).
TOO_MANY_ALIASES = Le document compte plus de { $limit } alias.
TOO_MANY_DIRECTIVES = Un champ porte plus de { $limit } directives.
GRAPHQL_SYNTAX = Erreur de syntaxe GraphQL ligne { $line }, colonne { $column }.
OPERATION_MISSING = Le document ne contient aucune opération.
OPERATION_DUPLICATED = L’opération « { $name } » est définie deux fois (ligne { $line }, colonne { $column }).
OPERATION_ANONYMOUS_AMONG_OTHERS = Une opération sans nom doit être seule dans son document (ligne { $line }, colonne { $column }).
OPERATION_NAME_NEEDED = Le document contient plusieurs opérations : dites laquelle par « operationName ».
VARIABLE_MISSING = La variable « ${ $name } » doit avoir une valeur.
OPERATION_NOT_FOUND = Le document ne contient pas d’opération « { $name } ».

## Comptes

SIGN_IN_REPEATED = Une seule connexion par demande.
SIGN_IN_FAILED = Adresse ou mot de passe incorrect.

## Personnes et filtres

FILTER_TOO_LARGE = { $of ->
    [whole] Le filtre compte plus de { $max } critères en tout, à partir de « { $field } » : demandez-en moins.
   *[part] Le critère « { $field } » est trop grand : { $max } au plus.
}
FILTER_TOO_DEEP = Le filtre « { $field } » est trop imbriqué : au plus { $max } filtres les uns dans les autres.
SEARCH_INVALID = La recherche contient un caractère qu’aucun nom ne peut contenir.
PERSON_NOT_FOUND = Une des personnes choisies n’existe pas, ou plus. Rechargez la liste.
PERSON_HAS_NO_MOBILE = Cette personne n’a pas de numéro de mobile.

## Aperçu et envoi

AUDIENCE_EMPTY = Personne n’est choisi : cochez au moins une personne.
AUDIENCE_TOO_LARGE = Au plus { $max } personnes peuvent être nommées une à une : choisissez plutôt par un filtre.
TEXT_EMPTY = Le message est vide.
TEXT_CONTROL_CHARACTER = Le message contient un caractère de contrôle ({ $character }, position { $position }) : retirez-le.
MERGE_FIELD_UNKNOWN = { $kind ->
    [brace] Une accolade au caractère { $position } n’appartient à aucun champ : écrivez {"{{"} ou {"}}"} pour une accolade.
    [near] Il n’existe pas de champ {"{"}{ $field }{"}"} (caractère { $position }) : vouliez-vous dire {"{"}{ $nearest }{"}"} ?
   *[other] Il n’existe pas de champ {"{"}{ $field }{"}"} (caractère { $position }) : il y a {"{"}prenom{"}"}, {"{"}nom{"}"}, {"{"}structure{"}"}, {"{"}sexe:…|…{"}"} et les colonnes de la structure (personColumns). Écrivez {"{{"} pour une accolade.
}
MERGE_FIELD_NESTED = Un champ se trouve dans un autre au caractère { $position } : fermez d’abord le premier.
MERGE_FIELDS_TOO_MANY = Ce texte a plus de { $max } champs (au caractère { $position }) : retirez-en.
MERGED_TEXT_TOO_LONG = Une fois ses champs remplis, ce texte dépasse { $max } caractères pour certaines personnes : raccourcissez-le.
MERGE_FIELD_FORMS = Le sexe prend deux formes ou trois au caractère { $position }, comme {"{"}sexe:cher|chère|bonjour{"}"}.
TEXT_TOO_LONG = Le message dépasse { $max } caractères.
SENDER_INVALID = { $kind ->
    [character] Un expéditeur ne contient que des lettres sans accent et des chiffres, sans espace : { $character } n’en est pas.
    [length] Un expéditeur compte de 3 à 11 caractères.
   *[letter] Un expéditeur contient au moins une lettre : c’est un nom, pas un numéro.
}
SENDER_PROTECTED = « { $sender } » se confondrait avec « { $name } », un nom protégé : choisissez un autre expéditeur.
NO_MOBILE = Pas de numéro de mobile utilisable.
COUNTRY_NOT_SERVED = Les SMS ne sont pas envoyés vers le pays de ce numéro : demandez un tarif à l’exploitant du service.
OPTED_OUT = A refusé de recevoir des SMS.
NO_RECIPIENT = Ce message n’atteint personne : toutes les personnes choisies sont écartées, et les exclusions de l’aperçu disent pourquoi.
SEND_AT_PAST = Cette heure est passée : choisissez-en une plus tard, ou n’en donnez pas pour envoyer tout de suite.
SEND_AT_TOO_FAR = C’est trop loin : un message se programme au plus { $max } jours à l’avance.
PREVIEW_NOT_FOUND = Cet aperçu n’existe pas : refaites-en un.
PREVIEW_USED = Cet aperçu a déjà été envoyé.
PREVIEW_EXPIRED = Cet aperçu est trop ancien : refaites-en un.
PREVIEW_STALE = { $changed ->
    [rules] Les règles de votre structure ont changé depuis l’aperçu : rien n’est parti. Vérifiez le nouvel aperçu, fait selon celles d’aujourd’hui.
   *[other] Ce qui serait envoyé a changé depuis l’aperçu : rien n’est parti. Vérifiez le nouvel aperçu.
}
REFUSED = Les règles refusent cet envoi : la décision dit pourquoi.
CONFIRMATION_REQUIRED = Cet envoi demande une confirmation : renvoyez la demande avec ces codes dans `confirm` : { $codes }.
INSUFFICIENT_CREDIT = Le crédit ne suffit pas : il faut { $required } SMS, il en reste { $available }.
IDEMPOTENCY_CONFLICT = Cette clé a déjà servi pour une autre demande : prenez-en une nouvelle.
CAMPAIGN_NOT_FOUND = Cet envoi n’existe pas.
CAMPAIGN_NOT_UNDER_WAY = Seul un envoi en cours peut être suspendu ou repris : celui-ci attend son heure, a été annulé ou est terminé.
CAMPAIGN_ALREADY_COMPLETED = Cet envoi est terminé : il n’y a plus rien à annuler.
NOTHING_TO_RETRY = Personne à qui renvoyer : chacun a été atteint, peut encore l’être, ou a déjà fait l’objet d’un renvoi.

## L’accord d’une deuxième personne

ACCOUNT_SENDS_NOTHING = Ce compte n’envoie pas de messages : il ne demande pas d’accord et n’en donne pas. Utilisez le compte d’une personne.
OWN_SEND_APPROVAL = Vous avez demandé cet accord vous-même : un autre compte qui peut envoyer le donne.
SEND_APPROVAL_NOT_FOUND = Cette demande d’accord n’existe pas.
SEND_APPROVAL_EXPIRED = Cette demande est trop ancienne : qui veut envoyer refait un aperçu, et redemande.
SEND_APPROVAL_DECIDED = { $done ->
    [approved] { $by } a déjà approuvé ce message.
   *[declined] { $by } a déjà refusé ce message.
}
SEND_APPROVAL_NOTE_INVALID = Le mot d’accompagnement compte au plus { $max } caractères, sans caractère de contrôle.

## Modèles de messages

TEMPLATE_NOT_FOUND = Ce modèle, ou cette version d’un modèle, n’existe pas : un message part d’une version (`current.id`), et `basedOn` va avec `template`.
TEMPLATE_ARCHIVED = Ce modèle est archivé : restaurez-le d’abord.
TEMPLATE_CONFLICT = La dernière version de ce modèle est la { $number }, enregistrée par { $author } : repartez d’elle, et donnez-la dans `basedOn`.
TEMPLATE_NAME_INVALID = Le nom d’un modèle tient sur une ligne, de 1 à { $max } caractères.
TEMPLATE_NAME_TAKEN = Un autre modèle s’appelle déjà « { $name } » : choisissez un autre nom, ou archivez d’abord ce modèle-là.
TEMPLATE_COMMENT_INVALID = Le commentaire compte au plus { $max } caractères, sans caractère de contrôle.
TEMPLATE_LIMIT_REACHED = Une structure compte au plus { $max } modèles : archivez-en un.
TEMPLATE_VERSION_LIMIT_REACHED = Un modèle compte au plus { $max } versions : archivez-le, et enregistrez-en un nouveau.

## Compte rendu d’un envoi

REPORT_FILE = compte-rendu
REPORT_PEOPLE = Personnes
REPORT_NUMBER = Numéro
REPORT_STATE = État
REPORT_REASON = Motif
REPORT_AT = Date et heure ({ $zone })
REPORT_SEGMENTS = SMS
REPORT_CHARGED = SMS débités
REPORT_STATE_QUEUED = En attente
REPORT_STATE_SENDING = En cours d’envoi
REPORT_STATE_HANDED_OVER = Remis à l’opérateur
REPORT_STATE_DELIVERED = Reçu
REPORT_STATE_UNDELIVERED = Non reçu
REPORT_STATE_NO_REPORT = Remis, sans accusé de réception
REPORT_STATE_REJECTED = Refusé par l’opérateur
REPORT_STATE_SUPPRESSED = Non envoyé
REPORT_STATE_UNKNOWN = Issue inconnue
REPORT_STATE_WRITTEN_OFF = Issue restée inconnue
REPORT_REASON_OPTED_OUT = La personne a refusé de recevoir des SMS
REPORT_REASON_CANCELLED = L’envoi a été annulé
REPORT_REASON_NO_COMMERCIAL_CONSENT = La personne a retiré son consentement aux messages commerciaux
REPORT_REASON_RULE = Les règles s’y opposaient quand son heure est venue
REPORT_REASON_ATTEMPTS_EXHAUSTED = Toutes les tentatives ont échoué
REPORT_REASON_EXPIRED = Il a attendu trop longtemps pour valoir encore d’être envoyé
REPORT_REASON_ERASED = Le numéro ou le texte a été effacé
REPORT_REASON_TIMEOUT = L’opérateur n’a pas répondu à temps
REPORT_REASON_CONNECTION_LOST = La liaison avec l’opérateur s’est rompue
REPORT_REASON_SERVER_ERROR = L’opérateur a répondu par une erreur
REPORT_REASON_UNREADABLE_ANSWER = La réponse de l’opérateur était illisible
REPORT_REASON_LEASE_EXPIRED = Le service s’est arrêté pendant l’envoi
REPORT_REASON_SANDBOX_REFUSED = L’opérateur d’essai a refusé le message
REPORT_REASON_SANDBOX_ABSENT = L’opérateur d’essai n’a pas trouvé le téléphone
REPORT_NOT_FOUND = Ce lien ne mène à aucun compte rendu. Reprenez-le dans l’envoi.
REPORT_EXPIRED = Ce lien a expiré : reprenez-en un dans l’envoi.

## Crédit

TOP_UP_QUANTITY_INVALID = La quantité doit être comprise entre { $min } et { $max } SMS.
ORDER_NOT_FOUND = Cette commande n’existe pas dans cette structure.
ORDER_ALREADY_DECIDED = Cette commande a déjà été approuvée ou refusée.
ADJUSTMENT_QUANTITY_INVALID = Un ajustement donne ou reprend entre 1 et { $max } SMS.
ADJUSTMENT_AUTHOR_INVALID = Dites qui a décidé l’ajustement, en { $max } caractères au plus, sur une ligne.
ADJUSTMENT_REASON_INVALID = Dites pourquoi, en { $max } caractères au plus, sur une ligne.
ADJUSTMENT_EXCEEDS_BALANCE = Un ajustement ne reprend pas plus que le solde : { $available } SMS.
CREDIT_KEY_INVALID = Une clé compte de 1 à { $max } caractères, sur une ligne.
LOW_BALANCE_INVALID = Le solde à partir duquel vous prévenir est compris entre 0 et { $max } SMS.

## Règles

RULE_LOCKED = { $change ->
    [script] La plateforme verrouille le script de la règle « { $rule } » : seul se réécrit celui d’une règle dont « lock » vaut REPLACEABLE.
    [use] La règle « { $rule } » est de la plateforme : seule se retire une règle que vous avez écrite. Si « lock » vaut ADJUSTABLE ou REPLACEABLE, `setRuleState` la désactive.
    [place] La règle « { $rule } » est de la plateforme, et garde sa place : ne nommez que les règles que vous avez écrites.
    [version] La règle « { $rule } » est de la plateforme : elle n’a ni brouillon ni version de vous.
   *[state] La plateforme verrouille la règle « { $rule } » contre ce changement : ses paramètres se règlent dans leurs bornes, son état aussi si « lock » vaut ADJUSTABLE, et son script s’il vaut REPLACEABLE.
}
RULE_NOT_FOUND = Cette règle n’existe pas.
RULE_MISSING = « basedOn » nomme une version : nommez aussi sa règle dans « rule ».
RULE_BROKEN = La version publiée de cette règle ne se charge plus : { $reason }
BACKTEST_DAYS_INVALID = Une règle s’essaie sur 1 à { $max } jours.
BACKTESTS_TOO_MANY = Ce compte essaie déjà { $max } règles sur le passé : redemandez quand l’un de ces essais sera fini.
NOT_REPLAYABLE = { $reason ->
    [PEOPLE] La règle examine des personnes, et ce que l’on savait de chacune n’est pas conservé.
    [TEXT] La règle lit le texte du message, qui n’est plus conservé.
    [VERDICTS] Ce que les règles ont répondu alors est illisible.
   *[FACT] La règle lit un fait qui n’était pas conservé alors : { $fact }.
}
RULE_DOES_NOT_LOAD = Cette règle ne se charge pas : voyez les diagnostics.
FACTS_INVALID = { $line ->
    [0] Ces faits ne conviennent pas : { $reason }
   *[other] Ces faits ne conviennent pas (ligne { $line }, colonne { $column }) : { $reason }
}
FACTS_OF_PEOPLE_FIXED = Une règle qui examine chaque personne s’essaie sur les personnes telles qu’elles sont : retirez ces faits, ou essayez-la sur des faits seuls.
RULE_NOT_PUBLISHED = Cette règle n’a pas de version publiée : publiez-en une d’abord, ou abandonnez son brouillon (`discardRuleDraft`).
RULE_NOT_PUBLISHABLE = Cette version ne peut pas être publiée (ligne { $line }, colonne { $column }) : { $reason }
RULE_OBSERVED_WHILE_ACTIVE = La version en vigueur serait suspendue pendant l’observation : essayez celle-ci à côté, comme règle à part sous un autre nom (`startRule` avec `slug`), ou désactivez d’abord la règle.
RULE_VERSION_NOT_FOUND = Cette version n’existe pas.
RULE_VERSION_ALREADY_PUBLISHED = Cette version est déjà publiée : `setRuleState` dit si elle est active, observée ou désactivée.
RULE_VERSION_SUPERSEDED = La version { $number }, ou une plus récente, a déjà été publiée : enregistrez une nouvelle version, ou revenez à une ancienne (`rollBackRule`).
RULE_CONFLICT = { $done ->
    [saved] La dernière version de cette règle est la { $number }, enregistrée par { $by } : repartez d’elle, et donnez-la dans `basedOn`.
    [published] Entre-temps, { $by } a mis en vigueur la version { $number }. Regardez-la ; pour continuer, donnez-la dans `expectedActive`.
    [unseen] La version { $number } de cette règle est en vigueur, publiée par { $by }, et `expectedActive` n’a pas été donné. Regardez-la ; pour continuer, donnez-la dans `expectedActive`.
    [retired] Entre-temps, { $by } a retiré cette règle : aucune version n’en est en vigueur.
   *[nothing] Aucune version de cette règle n’est en vigueur : laissez `expectedActive` de côté.
}
RULE_VERSION_NEVER_PUBLISHED = Cette version n’a jamais été en vigueur : publiez-la (`publishRule`), ou revenez à une autre.
RULE_VERSION_NOT_DRAFT = La dernière version de cette règle n’est pas un brouillon : il n’y a rien à abandonner.
RULE_REPLACED = Une de vos règles s’exécute à la place de « { $rule } » : réglez celle-là, ou retirez-la d’abord (`retireRule`).
RULE_ORDER_INCOMPLETE = Nommez chaque règle en usage que vous avez écrite, une fois, sans celles qui remplacent une règle de la plateforme.{ $missing ->
    [0] {""}
   *[other] {" "}Manquent : { $missing_slugs }.
}{ $repeated ->
    [0] {""}
   *[other] {" "}Répétées : { $repeated_slugs }.
}{ $placeless ->
    [0] {""}
   *[other] {" "}Sans place, car retirées ou à la place d’une autre : { $placeless_slugs }.
}
RULE_TEMPLATE_NOT_FOUND = Ce modèle de règle n’existe pas : `ruleTemplates` les énumère.
RULE_SLUG_INVALID = Le nom d’une règle se compose de `a-z`, `0-9` et `-`, commence par une lettre, et compte au plus 48 caractères.
RULE_VERSION_LIMIT_REACHED = Une règle compte au plus { $max } versions.
RULE_LIMIT_REACHED = Une structure compte au plus { $max } règles à elle en usage : retirez-en une d’abord (`retireRule`).
RULE_EVER_LIMIT_REACHED = Une structure compte au plus { $max } règles, retirées comprises : reprenez le nom d’une règle retirée.
RULE_SLUG_MISSING = Le manifeste ne donne pas de nom (« slug ») utilisable, et rien n’est enregistré : { $reason }
RULE_MANIFEST_UNREADABLE = Rien n’est enregistré (ligne { $line }, colonne { $column }) : { $reason }
RULE_SLUG_TAKEN = Le nom « { $slug } » est déjà pris : choisissez-en un autre. Pour modifier une règle à vous, donnez son identifiant dans `rule`, et sa dernière version dans `basedOn` ; pour réécrire une règle de la plateforme, si elle est remplaçable, commencez par `startRule`.
RULE_SLUG_CHANGED = Le nom d’une règle ne change pas : « { $expected } » est attendu, le manifeste dit « { $found } ».
RULE_TEXT_TOO_LONG = Ce texte dépasse { $max } octets.
RULE_TEXT_INVALID = Ce texte contient un caractère nul, de contrôle ou invisible : retirez-le.
RULE_COMMENT_TOO_LONG = Le commentaire dépasse { $max } caractères.
PARAMETER_UNKNOWN = La règle « { $rule } » n’a pas de paramètre « { $name } ». Le plus proche : « { $nearest } » ; tous : { $known }.
RULE_WITHOUT_PARAMETERS = La règle « { $rule } » n’a aucun paramètre.
PARAMETER_REPEATED = Le paramètre « { $name } » est donné deux fois.
PARAMETER_OUT_OF_BOUNDS = Le paramètre « { $name } » est hors de ses bornes : { $reason }
PARAMETER_INVALID = Le paramètre « { $name } » n’est pas lisible : { $reason }

## Fichiers de personnes

FILE_NOT_BASE64 = Le fichier doit être donné en base64, sans « data: » au début.
FILE_TOO_LARGE = Le fichier dépasse { $limit } Kio : envoyez-le à { $route }, ou demandez à l’opérateur de l’importer (envoi import people).
UPLOAD_TOO_LARGE = Le fichier dépasse { $limit } octets : découpez-le, ou demandez à l’opérateur de l’importer (envoi import people).
UPLOAD_TOO_SLOW = Le fichier est arrivé trop lentement : renvoyez-le, par une meilleure connexion ou en plusieurs fichiers.
IMPORT_METHOD = Envoyez le fichier par POST.
IMPORT_MEDIA_TYPE = Envoyez le fichier lui-même comme corps, avec Content-Type: text/csv ; ni dans un formulaire (multipart), ni compressé.
IMPORT_QUERY_INVALID = Cette adresse accepte dryRun (true ou false) et keep (l’en-tête d’une colonne à garder, qui peut être répété), et rien d’autre.
IDEMPOTENCY_KEY_INVALID = L’en-tête Idempotency-Key doit être un UUID.
IMPORT_UNDER_WAY = Un fichier de cette structure est en cours d’importation : attendez qu’il soit importé.
IMPORTS_TOO_MANY = Trop de fichiers sont importés à la fois : réessayez dans un instant.
DRY_RUN_TOO_LARGE = Un essai à blanc porte sur { $limit } lignes au plus : essayez le début du fichier. Une importation peut être recommencée : elle ne double rien.
FILE_EMPTY = Le fichier est vide.
FILE_BINARY = Ce fichier n’est pas du texte : exportez-le en CSV.
FILE_WORKBOOK = Ce fichier est un classeur (Excel, LibreOffice) : enregistrez sa feuille en CSV.
FILE_UTF16 = Le fichier est en UTF-16 : enregistrez-le en « CSV UTF-8 ».
FILE_ENCODING_UNKNOWN = Le codage du fichier n’est ni UTF-8 ni Windows-1252 : enregistrez-le en UTF-8.
FILE_HEADER_MISSING = La première ligne doit donner le nom des colonnes.
FILE_COLUMN_MISSING = La colonne { $column } manque : il faut au moins Nom et Prénom.
FILE_COLUMN_DUPLICATED = La colonne { $column } est donnée deux fois : n’en gardez qu’une.
KEPT_COLUMN_NAME = Le nom d’une colonne à garder a au moins une lettre ou un chiffre, et { $limit } caractères au plus, sur une seule ligne.
KEPT_COLUMN_RESERVED = La colonne « { $column } » ne peut pas être gardée : dans un texte, {"{"}{ $name }{"}"} dit déjà autre chose. Renommez-la.
KEPT_COLUMN_MISSING = { $kind ->
    [near] Le fichier n’a pas de colonne « { $column } » à garder : vouliez-vous dire « { $nearest } » ?
   *[other] Le fichier n’a pas de colonne « { $column } » à garder.
}
KEPT_COLUMN_READ = La colonne « { $column } » est déjà lue ({ $known }) : il n’y a pas à demander de la garder.
KEPT_COLUMN_TWICE = La colonne « { $column } » est donnée deux fois : n’en gardez qu’une.
KEPT_COLUMNS_TOO_MANY = Une structure garde { $limit } colonnes au plus : supprimez d’abord celles qui ne servent pas.
PERSON_COLUMN_NOT_FOUND = Votre structure ne garde pas de colonne de ce nom.
FILE_TOO_MANY_ROWS = Le fichier compte plus de { $limit } lignes : découpez-le.
FILE_ROW_TOO_LONG = La ligne { $line } du fichier est trop longue : un guillemet n’est peut-être pas fermé.
FILE_UNREADABLE = Le fichier n’est pas lisible.
FILE_CHANGED = Le fichier a changé pendant la lecture : recommencez.
IMPORT_STOPPED = L’importation s’est arrêtée après { $rows } lignes, qui restent acquises : importez à nouveau le fichier pour faire le reste ; rien n’est doublé.
ROW_RAGGED = Cette ligne n’a pas autant de cellules que l’en-tête.
NAME_MISSING = Le nom ou le prénom manque.
VALUE_TOO_LONG = Cette valeur est trop longue.
TOO_MANY_VALUES = Cette cellule contient trop de valeurs.
CONTROL_CHARACTER = Cette cellule contient un caractère de contrôle.
SEX_UNKNOWN = Sexe ou civilité non reconnu : F, M, Mme, M. …
CONSENT_UNREADABLE = Consentement non reconnu : une date comme 31/12/2026 ou 2026-12-31, oui ou non.
IDENTIFIER_REPEATED = Ce fichier donne le même identifiant à des personnes de noms différents : corrigez-le, sur chacune de leurs lignes.
AMBIGUOUS_PERSON = Plusieurs personnes portent ce nom : donnez un identifiant ou un mobile qui les distingue.
TEACHER_NOT_FOUND = Ce professeur n’existe pas dans la structure.
TEACHER_AMBIGUOUS = Plusieurs personnes portent le nom de ce professeur : donnez son identifiant.
TEACHER_IS_SELF = Une personne ne peut pas être son propre professeur.
TOO_SHORT = Ce numéro est trop court.
TOO_LONG = Ce numéro est trop long.
NOT_MOBILE = Ce numéro n’est pas un mobile.
UNKNOWN_COUNTRY = L’indicatif du pays est inconnu.
FORBIDDEN_CHARACTERS = Ce numéro contient autre chose que des chiffres, un + au début et des séparateurs.
SHORT_CODE = C’est un numéro court de service, pas celui d’une personne.
INVALID = Ce numéro n’est attribué à personne : vérifiez-le, ou écrivez-le avec son indicatif.

## La ligne de commande des auteurs de règles

RULES_LEVEL_ERROR = erreur
RULES_LEVEL_WARNING = avertissement
RULES_LEVEL_HELP = conseil
RULES_NOT_THERE = { $path } : aucune règle ici ; une règle est deux fichiers, <nom>.toml et <nom>.rhai.
RULES_HALF_MISSING = { $path } : ce fichier manque ; une règle est deux fichiers, <nom>.toml et <nom>.rhai.
RULES_FILE_UNREADABLE = { $path } : illisible ({ $reason }).
RULES_FILE_TOO_LARGE = { $path } : plus de { $max } octets, et aucune règle n’en a autant.
RULES_FILE_NOT_UTF8 = { $path } : ce n’est pas du texte en UTF-8.
RULES_FILE_EXISTS = { $path } existe déjà, et n’est pas remplacé : choisissez un autre nom.
RULES_MISNAMED = { $path } : la règle s’appelle « { $slug } » ; donnez le même nom au fichier et à la règle.
RULES_SLUG_WRONG = « { $slug } » n’est pas un nom de règle : a-z, 0-9 et traits d’union, une lettre en premier, 48 caractères au plus.
RULES_NO_TEMPLATE = Il n’y a pas de modèle « { $template } » ; il y a : { $known }.
RULES_NEW = { $manifest } et { $script } sont écrits. Vérifiez-les avec `envoi rules check`, essayez-les avec `envoi rules test` et `envoi rules run`.
RULES_CHECKED =
    { $checked ->
        [one] { $checked } règle vérifiée
       *[other] { $checked } règles vérifiées
    }, { $refused } { $refused ->
        [one] refusée
       *[other] refusées
    }, { $warnings } { $warnings ->
        [one] avertissement
       *[other] avertissements
    }.
RULES_CASE_HOLDS = ok     { $path }:{ $line } cases[{ $number }] { $expected }
RULES_CASE_FAILS = ÉCHEC  { $path }:{ $line } cases[{ $number }] { $expected } était attendu, la règle a répondu { $answered }
RULES_TESTED =
    { $held ->
        [one] { $held } cas juste
       *[other] { $held } cas justes
    }, { $failed } en échec.
RULES_DOES_NOT_LOAD = { $rule } ne se charge pas : `envoi rules check` dit pourquoi.
RULES_PARAM_WRONG = --param { $param } : { $reason }
RULES_PARAM_NOTATION = écrivez NOM=VALEUR ; les paramètres sont : { $known }
RULES_PARAM_NONE = cette règle n’a aucun paramètre
RULES_PARAM_REPEATED = il est donné deux fois
RULES_PARAM_UNKNOWN = cette règle n’a pas de paramètre « { $name } » ; elle a : { $known }
RULES_FIX = Le plus court : { $fix }
RULES_OPERATIONS = { $count } opérations, { $most } au plus.
RULES_FACTS_READ = Faits lus :
RULES_TRACE = Déroulement :
RULES_HIDDEN = un texte de { $length } caractères
RULES_WRITTEN = { $manifest } et { $script } sont écrits.
RULES_NO_RULE = Cette structure n’a pas de règle « { $slug } » : `envoi rules list --structure …` les montre.
RULES_NO_ADMINISTRATOR = Cette structure n’a pas de compte d’administrateur, au nom de qui ses règles sont écrites : créez-en un avec `envoi account create`.
RULES_IMPORT_COMMENT = Importée par l’exploitant
RULES_IMPORT_UNCHANGED = { $slug } : rien ne change, la version { $number } est la même.
RULES_IMPORT_SAVED = { $slug } : la version { $number } est enregistrée comme brouillon.
RULES_IMPORT_OBSERVED = { $slug } : la version { $number } est observée, sans effet.
RULES_IMPORT_PUBLISHED = { $slug } : la version { $number } est en vigueur.
RULES_NO_DECISION = « { $id } » n’est l’identifiant ni d’une décision, ni d’une campagne.
RULES_EXPLAINED = Décision { $id } de { $structure }, { $at }, { $stage } : { $outcome }
RULES_LEFT_OUT = Écartées, en nombre de personnes : { $count }
RULES_LEFT_OUT_MORE = … et { $count } encore : `Campaign.exclusions` les énumère toutes.
RULES_OBSERVED = (seulement observée)
RULES_VERSION_GONE = cette version de la règle n’est plus là
RULES_NOT_KEPT = (non conservé)
RULES_VERIFIED =
    { $decisions ->
        [one] { $decisions } décision
       *[other] { $decisions } décisions
    } : { $replayed } verdicts rejoués, { $differing } { $differing ->
        [one] différence
       *[other] différences
    }, { $unknown } non rejouables.
RULES_UNKNOWN =
    non rejouable : { $slug } v{ $version }, { $count } { $count ->
        [one] verdict
       *[other] verdicts
    } : { $reason }.
RULES_UNKNOWN_ENGINE = une autre version du moteur a décidé
RULES_UNKNOWN_UNLOADED = elle ne pouvait pas être chargée alors, et n’a pas tourné
RULES_UNKNOWN_PEOPLE = elle regarde chaque personne, et ce qu’on savait de chacune n’est pas conservé
RULES_UNKNOWN_TEXT = elle lit le texte du message, qui n’est plus là
RULES_UNKNOWN_PARAMETERS = ses paramètres n’étaient pas encore conservés
RULES_UNKNOWN_FACT = le fait { $fact } n’a pas été conservé
RULES_DIFFERS = DIFFÈRE : décision { $id }, { $slug } v{ $version } : { $stored } est enregistré, la règle répond { $found }.
RULES_DIFFERS_IN_WORDS = DIFFÈRE : décision { $id }, { $slug } v{ $version } : { $stored } est enregistré avec un autre message que celui de la règle.
RULES_ALTERED = DIFFÈRE : décision { $id }, { $slug } v{ $version } : le script n’est pas celui qui a été exécuté.
RULES_OUTCOME_DIFFERS = DIFFÈRE : décision { $id } : { $stored } est enregistré, ses verdicts donnent { $found }.
RULES_UNREADABLE = DIFFÈRE : décision { $id } : ses verdicts sont illisibles.
