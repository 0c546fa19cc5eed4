# The messages of Envoi in English, by code. Each code has its own in fr.ftl.

## Requests that cannot be served

UNAUTHENTICATED = Sign in: no valid token came with the request (header Authorization: Bearer …).
FORBIDDEN = This account lacks { $access } access to the module { $module }. Ask the structure’s administrator for it.
PERMISSIONS_CHANGED = The permissions of this account changed: subscribe again.
PAGE_SIZE_INVALID = Ask for 0 to { $max } items, by `first` or by `last`, but not both.
CURSOR_INVALID = This cursor is not of this list: start again from the beginning.
INTERNAL = Something went wrong on our side. Try again; if it persists, report request { $request }.
TIMEOUT = The answer took too long. Ask for less at once, or try again; what was begun is being finished.
INPUT_INVALID = A value is not of the form that its type asks for. { $detail }
COMPLEXITY_EXCEEDED = This query asks for too much at once: make pages smaller or ask for fewer fields.
DEPTH_EXCEEDED = This query is nested too deep: ask for fewer levels.

## HTTP and JSON

NOT_ACCEPTABLE = No acceptable format: accept application/graphql-response+json or application/json.
METHOD_NOT_ALLOWED = Only GET and POST are served here.
MUTATION_OVER_GET = Send a mutation by POST.
SUBSCRIPTION_OVER_HTTP = A subscription goes over a WebSocket, at this same address, with the protocol graphql-transport-ws.
SUBSCRIPTION_NOT_SINGLE = A subscription asks for one field only, written at its root and not in a fragment.
ORIGIN_NOT_ALLOWED = This page is not of this site: it cannot open a WebSocket here.
WEBSOCKET_MALFORMED = This request for a WebSocket is not complete (RFC 6455).
TOO_MANY_SOCKETS = Too many WebSockets are open: try again later.
TOO_MANY_OPERATIONS = This WebSocket runs { $limit } operations already: end one of them first.
TOO_MANY_SUBSCRIPTIONS = Your account has { $limit } subscriptions already, on all its WebSockets: end one of them first.
UNSUPPORTED_MEDIA_TYPE = The body must be JSON in UTF-8 (Content-Type: application/json), not compressed.
BODY_TOO_LARGE = The body is larger than { $limit } bytes.
BODY_INCOMPLETE = The body did not arrive whole.
BODY_NOT_JSON = The body is not JSON: error at line { $line }, column { $column }.
JSON_TOO_DEEP = The JSON has more than { $limit } brackets open at once.
BODY_NOT_AN_OBJECT = The body must be a JSON object that holds `query`.
BATCH_NOT_SUPPORTED = One operation a request: arrays are not accepted.
QUERY_STRING_MALFORMED = The parameters of the address cannot be read.
QUERY_MISSING = The parameter `query` is missing.
PARAMETER_NOT_A_STRING = The parameter `{ $parameter }` must be a string.
PARAMETER_NOT_AN_OBJECT = The parameter `{ $parameter }` must be a JSON object.

## GraphQL documents

DOCUMENT_TOO_LARGE = The document is larger than { $limit } bytes: pass values in variables.
DOCUMENT_TOO_DEEP = The document has more than { $limit } brackets open at once.
DOCUMENT_TOO_WIDE = The document has more than { $limit } fields once its fragments are expanded.
FRAGMENTS_TOO_DEEP = More than { $limit } fragments are nested.
FRAGMENT_CYCLE = The fragment `{ $name }` contains itself.
FRAGMENT_DUPLICATED = The fragment `{ $name }` is defined twice (line { $line }, column { $column }).
TOO_MANY_ALIASES = The document has more than { $limit } aliases.
TOO_MANY_DIRECTIVES = A field has more than { $limit } directives.
GRAPHQL_SYNTAX = GraphQL syntax error at line { $line }, column { $column }.
OPERATION_MISSING = The document holds no operation.
OPERATION_DUPLICATED = The operation `{ $name }` is defined twice (line { $line }, column { $column }).
OPERATION_ANONYMOUS_AMONG_OTHERS = An operation without a name must be alone in its document (line { $line }, column { $column }).
OPERATION_NAME_NEEDED = The document holds several operations: say which in `operationName`.
VARIABLE_MISSING = The variable `${ $name }` must have a value.
OPERATION_NOT_FOUND = The document holds no operation `{ $name }`.

## Accounts

SIGN_IN_REPEATED = One sign-in a request.
SIGN_IN_FAILED = Wrong address or password.

## People and filters

FILTER_TOO_LARGE = { $of ->
    [whole] The filter has more than { $max } criteria in all, from `{ $field }` on: ask for fewer.
   *[part] The criterion `{ $field }` is too large: { $max } at most.
}
FILTER_TOO_DEEP = The filter `{ $field }` lies too deep: at most { $max } filters may be within one another.
SEARCH_INVALID = The search holds a character that no name can hold.
PERSON_NOT_FOUND = One of the people chosen does not exist, or no longer. Reload the list.
PERSON_HAS_NO_MOBILE = This person has no mobile number.

## Preview and send

AUDIENCE_EMPTY = Nobody is chosen: tick at least one person.
AUDIENCE_TOO_LARGE = At most { $max } people can be named one by one: choose by a filter instead.
TEXT_EMPTY = The message is empty.
TEXT_CONTROL_CHARACTER = The message holds a control character ({ $character }, position { $position }): remove it.
MERGE_FIELD_UNKNOWN = { $kind ->
    [brace] A brace at character { $position } belongs to no merge field: close the field with {"}"}, or write {"{{"} or {"}}"} for a brace itself.
    [near] There is no merge field {"{"}{ $field }{"}"} (character { $position }): did you mean {"{"}{ $nearest }{"}"}?
   *[other] There is no merge field {"{"}{ $field }{"}"} (character { $position }): there are {"{"}firstname{"}"}, {"{"}lastname{"}"}, {"{"}structure{"}"}, {"{"}sex:…|…{"}"} and the structure’s own columns (personColumns). Write {"{{"} for a brace itself.
}
MERGE_FIELD_NESTED = A merge field stands within another at character { $position }: close the first before.
MERGE_FIELDS_TOO_MANY = This text has more than { $max } fields (at character { $position }): take some out.
MERGED_TEXT_TOO_LONG = With its fields filled in, this text is longer than { $max } characters for some people: shorten it.
MERGE_FIELD_FORMS = The sex takes two forms or three at character { $position }, such as {"{"}sexe:cher|chère|bonjour{"}"}.
TEXT_TOO_LONG = The message is longer than { $max } characters.
SENDER_INVALID = { $kind ->
    [character] A sender holds letters without accents and digits only, and no space: { $character } is neither.
    [length] A sender has 3 to 11 characters.
   *[letter] A sender has at least one letter: it is a name, not a number.
}
SENDER_PROTECTED = “{ $sender }” would be taken for “{ $name }”, a protected name: choose another sender.
NO_MOBILE = No usable mobile number.
COUNTRY_NOT_SERVED = SMS are not sent to the country of this number: ask the operator of the service for a price.
OPTED_OUT = Has opted out of SMS.
NO_RECIPIENT = This message reaches nobody: all the people chosen are left out, and the preview’s exclusions say why.
SEND_AT_PAST = This hour is past: choose a later one, or give none to send at once.
SEND_AT_TOO_FAR = This is too far ahead: a message is scheduled for { $max } days from now at most.
PREVIEW_NOT_FOUND = There is no such preview: make a new one.
PREVIEW_USED = This preview was sent already.
PREVIEW_EXPIRED = This preview is too old: make a new one.
PREVIEW_STALE = { $changed ->
    [rules] The rules of your structure have changed since the preview: nothing was sent. Check the new preview, made under those of today.
   *[other] What would be sent has changed since the preview: nothing was sent. Check the new preview.
}
REFUSED = The rules refuse this send: the decision says why.
CONFIRMATION_REQUIRED = This send needs to be confirmed: send again with these codes in `confirm`: { $codes }.
INSUFFICIENT_CREDIT = Not enough credit: { $required } SMS are needed, { $available } are left.
IDEMPOTENCY_CONFLICT = This key served already for another request: make a new one.
CAMPAIGN_NOT_FOUND = There is no such campaign.
CAMPAIGN_NOT_UNDER_WAY = Only a campaign that is on its way can be paused, or go on: this one waits for its hour, was cancelled, or is completed.
CAMPAIGN_ALREADY_COMPLETED = This campaign is completed: nothing is left to cancel.
NOTHING_TO_RETRY = Nobody to send to again: everybody was reached, may still be, or was sent to again already.

## A second person's approval

ACCOUNT_SENDS_NOTHING = This account sends no messages: it neither asks for approval nor approves. Use a person’s account.
OWN_SEND_APPROVAL = You asked for this approval yourself: another account that may send gives it.
SEND_APPROVAL_NOT_FOUND = There is no such request for approval.
SEND_APPROVAL_EXPIRED = This request is too old: whoever wants to send makes a new preview, and asks again.
SEND_APPROVAL_DECIDED = { $done ->
    [approved] { $by } approved this message before.
   *[declined] { $by } declined this message before.
}
SEND_APPROVAL_NOTE_INVALID = The note has at most { $max } characters, and no control character.

## Templates of messages

TEMPLATE_NOT_FOUND = There is no such template, or no such version of one: a message is started from a version (`current.id`), and `basedOn` goes with `template`.
TEMPLATE_ARCHIVED = This template is archived: take it back into use first.
TEMPLATE_CONFLICT = The latest version of this template is { $number }, saved by { $author }: start from it, and give it as `basedOn`.
TEMPLATE_NAME_INVALID = A template’s name fits on one line, of 1 to { $max } characters.
TEMPLATE_NAME_TAKEN = Another template is called “{ $name }” already: choose another name, or archive that template first.
TEMPLATE_COMMENT_INVALID = The comment has at most { $max } characters, and no control character.
TEMPLATE_LIMIT_REACHED = A structure has at most { $max } templates: archive one.
TEMPLATE_VERSION_LIMIT_REACHED = A template has at most { $max } versions: archive it, and save a new one.

## The report of a campaign

REPORT_FILE = report
REPORT_PEOPLE = People
REPORT_NUMBER = Number
REPORT_STATE = State
REPORT_REASON = Reason
REPORT_AT = Date and time ({ $zone })
REPORT_SEGMENTS = SMS
REPORT_CHARGED = SMS charged
REPORT_STATE_QUEUED = Waiting
REPORT_STATE_SENDING = Being sent
REPORT_STATE_HANDED_OVER = Handed to the network
REPORT_STATE_DELIVERED = Delivered
REPORT_STATE_UNDELIVERED = Not delivered
REPORT_STATE_NO_REPORT = Handed over, no report
REPORT_STATE_REJECTED = Refused by the network
REPORT_STATE_SUPPRESSED = Not sent
REPORT_STATE_UNKNOWN = Outcome unknown
REPORT_STATE_WRITTEN_OFF = Outcome never known
REPORT_REASON_OPTED_OUT = The person opted out of SMS
REPORT_REASON_CANCELLED = The campaign was cancelled
REPORT_REASON_NO_COMMERCIAL_CONSENT = The person withdrew the consent to commercial messages
REPORT_REASON_RULE = The rules were against it when its hour had come
REPORT_REASON_ATTEMPTS_EXHAUSTED = Every attempt failed
REPORT_REASON_EXPIRED = It waited too long to be worth sending
REPORT_REASON_ERASED = The number or the text was erased
REPORT_REASON_TIMEOUT = The network did not answer in time
REPORT_REASON_CONNECTION_LOST = The connection to the network broke
REPORT_REASON_SERVER_ERROR = The network answered with an error
REPORT_REASON_UNREADABLE_ANSWER = The network’s answer could not be read
REPORT_REASON_LEASE_EXPIRED = The service stopped while sending
REPORT_REASON_SANDBOX_REFUSED = The test network refused the message
REPORT_REASON_SANDBOX_ABSENT = The test network did not find the phone
REPORT_NOT_FOUND = This link leads to no report. Take it from the campaign again.
REPORT_EXPIRED = This link has expired: take a new one from the campaign.

## Credit

TOP_UP_QUANTITY_INVALID = The quantity must be between { $min } and { $max } SMS.
ORDER_NOT_FOUND = There is no such order in this structure.
ORDER_ALREADY_DECIDED = This order was approved or refused already.
ADJUSTMENT_QUANTITY_INVALID = An adjustment gives or takes between 1 and { $max } SMS.
ADJUSTMENT_AUTHOR_INVALID = Say who decided the adjustment, in up to { $max } characters on one line.
ADJUSTMENT_REASON_INVALID = Say why, in up to { $max } characters on one line.
ADJUSTMENT_EXCEEDS_BALANCE = An adjustment takes no more than the balance: { $available } SMS.
CREDIT_KEY_INVALID = A key has 1 to { $max } characters on one line.
LOW_BALANCE_INVALID = The balance at which to be told is between 0 and { $max } SMS.

## Rules

RULE_LOCKED = { $change ->
    [script] The platform locks the script of the rule `{ $rule }`: one may be rewritten only where `lock` is REPLACEABLE.
    [use] The rule `{ $rule }` is the platform’s, and only a rule that you wrote can be retired. Where `lock` is ADJUSTABLE or REPLACEABLE, `setRuleState` switches it off.
    [place] The rule `{ $rule }` is the platform’s, and keeps its place: name only the rules that you wrote.
    [version] The rule `{ $rule }` is the platform’s: there is no draft or version of yours of it.
   *[state] The platform locks the rule `{ $rule }` against this change: parameters can be set within their bounds, the state too where `lock` is ADJUSTABLE, and the script where it is REPLACEABLE.
}
RULE_NOT_FOUND = There is no such rule.
RULE_MISSING = `basedOn` names a version: name its rule in `rule` too.
RULE_BROKEN = The published version of this rule no longer loads: { $reason }
BACKTEST_DAYS_INVALID = A rule is tried on 1 to { $max } days.
BACKTESTS_TOO_MANY = This account is trying { $max } rules on the past already: ask again when one of them is done.
NOT_REPLAYABLE = { $reason ->
    [PEOPLE] The rule looks at people, and what was known of each is not kept.
    [TEXT] The rule reads the text of the message, which is not kept any more.
    [VERDICTS] What the rules answered then cannot be read.
   *[FACT] The rule reads a fact that was not kept then: { $fact }.
}
RULE_DOES_NOT_LOAD = This rule does not load: see the diagnostics.
FACTS_INVALID = { $line ->
    [0] These facts are of no use: { $reason }
   *[other] These facts are of no use (line { $line }, column { $column }): { $reason }
}
FACTS_OF_PEOPLE_FIXED = A rule that looks at each person is tried on people as they are: leave these facts out, or try it on facts alone.
RULE_NOT_PUBLISHED = This rule has no published version: publish one first, or discard its draft (`discardRuleDraft`).
RULE_NOT_PUBLISHABLE = This version cannot be published (line { $line }, column { $column }): { $reason }
RULE_OBSERVED_WHILE_ACTIVE = Observing this version would suspend the one in force: try it beside it, as a rule of its own under another slug (`startRule` with `slug`), or switch the rule off first.
RULE_VERSION_NOT_FOUND = There is no such version.
RULE_VERSION_ALREADY_PUBLISHED = This version is published already: `setRuleState` changes whether it is active, observed or off.
RULE_VERSION_SUPERSEDED = Version { $number }, or a later one, was published before: save a new version, or go back to an earlier one (`rollBackRule`).
RULE_CONFLICT = { $done ->
    [saved] The latest version of this rule is { $number }, saved by { $by }: start from it, and give it in `basedOn`.
    [published] Meanwhile { $by } put version { $number } in force. Look at it; to go on, give it in `expectedActive`.
    [unseen] Version { $number } of this rule is in force, put so by { $by }, and `expectedActive` was left out. Look at it; to go on, give it in `expectedActive`.
    [retired] Meanwhile { $by } retired this rule: no version of it is in force.
   *[nothing] No version of this rule is in force: leave `expectedActive` out.
}
RULE_VERSION_NEVER_PUBLISHED = This version was never in force: publish it (`publishRule`), or go back to another.
RULE_VERSION_NOT_DRAFT = The latest version of this rule is no draft: there is nothing to discard.
RULE_REPLACED = A rule of yours runs in the place of `{ $rule }`: set that one, or retire it first (`retireRule`).
RULE_ORDER_INCOMPLETE = Name every rule in use that you wrote, each once, without those that replace a rule of the platform.{ $missing ->
    [0] {""}
   *[other] {" "}Missing: { $missing_slugs }.
}{ $repeated ->
    [0] {""}
   *[other] {" "}Repeated: { $repeated_slugs }.
}{ $placeless ->
    [0] {""}
   *[other] {" "}Without a place, as retired or in the place of another: { $placeless_slugs }.
}
RULE_TEMPLATE_NOT_FOUND = There is no such template: `ruleTemplates` lists them.
RULE_SLUG_INVALID = A rule’s name is made of `a-z`, `0-9` and `-`, starts with a letter, and has at most 48 characters.
RULE_VERSION_LIMIT_REACHED = A rule has at most { $max } versions.
RULE_LIMIT_REACHED = A structure has at most { $max } rules of its own in use: retire one first (`retireRule`).
RULE_EVER_LIMIT_REACHED = A structure has at most { $max } rules, those it retired included: take the name of a retired one.
RULE_SLUG_MISSING = The manifest gives no usable name (`slug`), and nothing was saved: { $reason }
RULE_MANIFEST_UNREADABLE = Nothing was saved (line { $line }, column { $column }): { $reason }
RULE_SLUG_TAKEN = The name `{ $slug }` is taken: choose another. To change a rule of your own, give its id as `rule`, and its latest version as `basedOn`; to rewrite one of the platform’s, where it may be replaced, start with `startRule`.
RULE_SLUG_CHANGED = A rule keeps its name: `{ $expected }` is expected, the manifest says `{ $found }`.
RULE_TEXT_TOO_LONG = This text is longer than { $max } bytes.
RULE_TEXT_INVALID = This text holds a null, control or invisible character: remove it.
RULE_COMMENT_TOO_LONG = The comment is longer than { $max } characters.
PARAMETER_UNKNOWN = The rule `{ $rule }` has no parameter `{ $name }`. The nearest: `{ $nearest }`; all: { $known }.
RULE_WITHOUT_PARAMETERS = The rule `{ $rule }` has no parameter.
PARAMETER_REPEATED = The parameter `{ $name }` is given twice.
PARAMETER_OUT_OF_BOUNDS = The parameter `{ $name }` is out of its bounds: { $reason }
PARAMETER_INVALID = The parameter `{ $name }` cannot be read: { $reason }

## Files of people

FILE_NOT_BASE64 = The file must be given in base64, without a “data:” before it.
FILE_TOO_LARGE = The file is larger than { $limit } KiB: send it to { $route }, or have the operator import it (envoi import people).
UPLOAD_TOO_LARGE = The file is larger than { $limit } bytes: split it, or have the operator import it (envoi import people).
UPLOAD_TOO_SLOW = The file came in too slowly: send it again, on a better connection or in several files.
IMPORT_METHOD = Send the file by POST.
IMPORT_MEDIA_TYPE = Send the file itself as the body, with Content-Type: text/csv; neither in a form (multipart) nor compressed.
IMPORT_QUERY_INVALID = This address takes dryRun (true or false) and keep (the header of a column to keep, which may be repeated), and nothing else.
IDEMPOTENCY_KEY_INVALID = The header Idempotency-Key must be a UUID.
IMPORT_UNDER_WAY = A file of this structure is being imported: wait until it has been.
IMPORTS_TOO_MANY = Too many files are being imported at once: try again in a moment.
DRY_RUN_TOO_LARGE = A dry run takes at most { $limit } rows: try the beginning of the file. An import can be repeated: it doubles nothing.
FILE_EMPTY = The file is empty.
FILE_BINARY = This file is not text: export it as CSV.
FILE_WORKBOOK = This file is a workbook (Excel, LibreOffice): save its sheet as CSV.
FILE_UTF16 = The file is in UTF-16: save it as “CSV UTF-8”.
FILE_ENCODING_UNKNOWN = The file is encoded neither in UTF-8 nor in Windows-1252: save it in UTF-8.
FILE_HEADER_MISSING = The first line must name the columns.
FILE_COLUMN_MISSING = The column { $column } is missing: at least the last and the first name are wanted.
FILE_COLUMN_DUPLICATED = The column { $column } is given twice: keep one.
KEPT_COLUMN_NAME = The name of a column to keep has at least one letter or digit, and at most { $limit } characters, all on one line.
KEPT_COLUMN_RESERVED = The column “{ $column }” cannot be kept: in a text, {"{"}{ $name }{"}"} says something else already. Rename it.
KEPT_COLUMN_MISSING = { $kind ->
    [near] The file has no column “{ $column }” to keep: did you mean “{ $nearest }”?
   *[other] The file has no column “{ $column }” to keep.
}
KEPT_COLUMN_READ = The column “{ $column }” is read already ({ $known }): it needs no keeping.
KEPT_COLUMN_TWICE = The column “{ $column }” is given twice: keep one.
KEPT_COLUMNS_TOO_MANY = A structure keeps at most { $limit } columns: remove those of no use first.
PERSON_COLUMN_NOT_FOUND = Your structure keeps no column of that name.
FILE_TOO_MANY_ROWS = The file has more than { $limit } rows: split it.
FILE_ROW_TOO_LONG = The row at line { $line } is too long: a quote may not be closed.
FILE_UNREADABLE = The file cannot be read.
FILE_CHANGED = The file changed while it was read: start again.
IMPORT_STOPPED = The import stopped after { $rows } rows, which stay imported: import the file again to do the rest; it doubles nothing.
ROW_RAGGED = This row has not as many cells as the header.
NAME_MISSING = The last or the first name is missing.
VALUE_TOO_LONG = This value is too long.
TOO_MANY_VALUES = This cell holds too many values.
CONTROL_CHARACTER = This cell holds a control character.
SEX_UNKNOWN = Sex or title not recognised: F, M, Mrs, Mr …
CONSENT_UNREADABLE = Consent not recognised: a date such as 31/12/2026 or 2026-12-31, yes or no.
IDENTIFIER_REPEATED = This file gives the same identifier to people of different names: correct it, on each of their rows.
AMBIGUOUS_PERSON = Several people have this name: give an identifier or a mobile that tells them apart.
TEACHER_NOT_FOUND = There is no such teacher in the structure.
TEACHER_AMBIGUOUS = Several people have this teacher’s name: give the identifier.
TEACHER_IS_SELF = Nobody can be their own teacher.
TOO_SHORT = This number is too short.
TOO_LONG = This number is too long.
NOT_MOBILE = This number is not a mobile.
UNKNOWN_COUNTRY = The country code is unknown.
FORBIDDEN_CHARACTERS = This number holds other characters than digits, a leading + and separators.
SHORT_CODE = This is a short code, not a person’s number.
INVALID = This number is in no range in use: check it, or write it with its country code.

## The command line of authors of rules

RULES_LEVEL_ERROR = error
RULES_LEVEL_WARNING = warning
RULES_LEVEL_HELP = help
RULES_NOT_THERE = { $path }: there is no rule; a rule is two files, <name>.toml and <name>.rhai.
RULES_HALF_MISSING = { $path }: this file is missing; a rule is two files, <name>.toml and <name>.rhai.
RULES_FILE_UNREADABLE = { $path }: it cannot be read ({ $reason }).
RULES_FILE_TOO_LARGE = { $path }: it has more than { $max } bytes, and no rule has.
RULES_FILE_NOT_UTF8 = { $path }: it is no text in UTF-8.
RULES_FILE_EXISTS = { $path } is there already, and is not replaced: choose another name.
RULES_MISNAMED = { $path }: the rule is called “{ $slug }”; name the file and the rule alike.
RULES_SLUG_WRONG = “{ $slug }” is no name of a rule: a-z, 0-9 and hyphens, a letter first, at most 48 characters.
RULES_NO_TEMPLATE = There is no template “{ $template }”; there are: { $known }.
RULES_NEW = { $manifest } and { $script } are written. Check them with `envoi rules check`, try them with `envoi rules test` and `envoi rules run`.
RULES_CHECKED =
    { $checked ->
        [one] { $checked } rule checked
       *[other] { $checked } rules checked
    }, { $refused } refused, { $warnings } { $warnings ->
        [one] warning
       *[other] warnings
    }.
RULES_CASE_HOLDS = ok    { $path }:{ $line } cases[{ $number }] { $expected }
RULES_CASE_FAILS = FAIL  { $path }:{ $line } cases[{ $number }] { $expected } was expected, the rule answered { $answered }
RULES_TESTED =
    { $held ->
        [one] { $held } case holds
       *[other] { $held } cases hold
    }, { $failed } { $failed ->
        [one] fails
       *[other] fail
    }.
RULES_DOES_NOT_LOAD = { $rule } does not load: `envoi rules check` says why.
RULES_PARAM_WRONG = --param { $param }: { $reason }
RULES_PARAM_NOTATION = write NAME=VALUE; the parameters are: { $known }
RULES_PARAM_NONE = this rule has no parameter
RULES_PARAM_REPEATED = it is given twice
RULES_PARAM_UNKNOWN = this rule has no parameter `{ $name }`; it has: { $known }
RULES_FIX = The shortest way: { $fix }
RULES_OPERATIONS = { $count } operations, at most { $most }.
RULES_FACTS_READ = Facts read:
RULES_TRACE = Trace:
RULES_HIDDEN = a text of { $length } characters
RULES_WRITTEN = { $manifest } and { $script } are written.
RULES_NO_RULE = The structure has no rule “{ $slug }”: `envoi rules list --structure …` shows them.
RULES_NO_ADMINISTRATOR = The structure has no administrator's account, in whose name its rules are written: make one with `envoi account create`.
RULES_IMPORT_COMMENT = Imported by the operator
RULES_IMPORT_UNCHANGED = { $slug }: nothing changes, version { $number } is the same.
RULES_IMPORT_SAVED = { $slug }: version { $number } is saved as a draft.
RULES_IMPORT_OBSERVED = { $slug }: version { $number } is observed, without effect.
RULES_IMPORT_PUBLISHED = { $slug }: version { $number } is in force.
RULES_NO_DECISION = “{ $id }” is the id neither of a decision nor of a campaign.
RULES_EXPLAINED = Decision { $id } of { $structure }, { $at }, { $stage }: { $outcome }
RULES_LEFT_OUT = Left out, people: { $count }
RULES_LEFT_OUT_MORE = … and { $count } more: `Campaign.exclusions` lists them all.
RULES_OBSERVED = (only observed)
RULES_VERSION_GONE = that version of the rule is there no more
RULES_NOT_KEPT = (not kept)
RULES_VERIFIED =
    { $decisions ->
        [one] { $decisions } decision
       *[other] { $decisions } decisions
    }: { $replayed } verdicts replayed, { $differing } { $differing ->
        [one] difference
       *[other] differences
    }, { $unknown } not replayable.
RULES_UNKNOWN =
    not replayable: { $slug } v{ $version }, { $count } { $count ->
        [one] verdict
       *[other] verdicts
    }: { $reason }.
RULES_UNKNOWN_ENGINE = another version of the engine decided
RULES_UNKNOWN_UNLOADED = it could not be loaded then, and did not run
RULES_UNKNOWN_PEOPLE = it looks at each person, and what was known of each is not kept
RULES_UNKNOWN_TEXT = it reads the text of the message, which is gone
RULES_UNKNOWN_PARAMETERS = its parameters were not kept yet
RULES_UNKNOWN_FACT = the fact { $fact } was not kept
RULES_DIFFERS = DIFFERS: decision { $id }, { $slug } v{ $version }: { $stored } is stored, the rule answers { $found }.
RULES_DIFFERS_IN_WORDS = DIFFERS: decision { $id }, { $slug } v{ $version }: { $stored } is stored with another message than the rule's.
RULES_ALTERED = DIFFERS: decision { $id }, { $slug } v{ $version }: the script is not the one that ran.
RULES_OUTCOME_DIFFERS = DIFFERS: decision { $id }: { $stored } is stored, its verdicts make { $found }.
RULES_UNREADABLE = DIFFERS: decision { $id }: its verdicts cannot be read.
