# The messages of Envoi in English, by code. Each code has its own in fr.ftl.

## Requests that cannot be served

UNAUTHENTICATED = Sign in: no valid token came with the request (header Authorization: Bearer …).
FORBIDDEN = This account lacks { $access } access to the module { $module }. Ask the structure’s administrator for it.
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
TEXT_TOO_LONG = The message is longer than { $max } characters.
NO_MOBILE = No usable mobile number.
OPTED_OUT = Has opted out of SMS.
NO_RECIPIENT = This message reaches nobody: none of the people chosen can be reached.
PREVIEW_NOT_FOUND = There is no such preview: make a new one.
PREVIEW_USED = This preview was sent already.
PREVIEW_EXPIRED = This preview is too old: make a new one.
PREVIEW_STALE = What would be sent has changed since the preview: nothing was sent. Check the new preview.
REFUSED = The rules refuse this send: the decision says why.
CONFIRMATION_REQUIRED = This send needs to be confirmed: { $codes }.
INSUFFICIENT_CREDIT = Not enough credit: { $required } SMS are needed, { $available } are left.
IDEMPOTENCY_CONFLICT = This key served already for another request: make a new one.

## Credit

TOP_UP_QUANTITY_INVALID = The quantity must be between { $min } and { $max } SMS.
ORDER_NOT_FOUND = There is no such order in this structure.
ORDER_ALREADY_DECIDED = This order was approved or refused already.

## Rules

RULE_LOCKED = The platform locks the rule `{ $rule }` against this change: its `lock` says what can be changed.
RULE_NOT_FOUND = There is no such rule.
RULE_MISSING = `basedOn` names a version: name its rule in `rule` too.
RULE_BROKEN = The published version of this rule no longer loads: { $reason }
RULE_NOT_PUBLISHED = This rule has no published version: publish one first.
RULE_NOT_PUBLISHABLE = This version cannot be published (line { $line }, column { $column }): { $reason }
RULE_OBSERVED_WHILE_ACTIVE = Observing this version would suspend the one in force: switch the rule off first.
RULE_VERSION_NOT_FOUND = There is no such version.
RULE_VERSION_ALREADY_PUBLISHED = This version is published already.
RULE_VERSION_SUPERSEDED = Version { $number }, a later one, is published already: save a new version.
RULE_VERSION_CONFLICT = The latest version is { $number }, saved by { $author }: start from it, and give it as `basedOn`.
RULE_VERSION_LIMIT_REACHED = A rule has at most { $max } versions.
RULE_LIMIT_REACHED = A structure has at most { $max } rules of its own.
RULE_SLUG_MISSING = The manifest gives no usable name (`slug`): { $reason }
RULE_SLUG_TAKEN = The name `{ $slug }` is taken. To change that rule, give its id as `rule`, and its latest version as `basedOn`.
RULE_SLUG_CHANGED = A rule keeps its name: `{ $expected }` is expected, the manifest says `{ $found }`.
RULE_TEXT_TOO_LONG = This text is longer than { $max } bytes.
RULE_TEXT_INVALID = This text holds a null character: remove it.
RULE_COMMENT_TOO_LONG = The comment is longer than { $max } characters.
PARAMETER_UNKNOWN = The rule `{ $rule }` has no parameter `{ $name }`. The nearest: `{ $nearest }`.
RULE_WITHOUT_PARAMETERS = The rule `{ $rule }` has no parameter.
PARAMETER_REPEATED = The parameter `{ $name }` is given twice.
PARAMETER_OUT_OF_BOUNDS = The parameter `{ $name }` is out of its bounds: { $reason }
PARAMETER_INVALID = The parameter `{ $name }` cannot be read: { $reason }

## Files of people

FILE_EMPTY = The file is empty.
FILE_BINARY = This file is not text: export it as CSV.
FILE_WORKBOOK = This file is a workbook: save it as CSV.
FILE_ENCODING_UNKNOWN = The file is encoded neither in UTF-8 nor in Windows-1252: save it in UTF-8.
FILE_HEADER_MISSING = The first line must name the columns.
FILE_COLUMN_MISSING = A needed column is missing: at least the last and the first name are wanted.
FILE_COLUMN_DUPLICATED = A column is given twice.
FILE_TOO_MANY_ROWS = The file has too many rows: split it.
FILE_ROW_TOO_LONG = A row of the file is too long: a quote may not be closed.
FILE_UNREADABLE = The file cannot be read.
FILE_CHANGED = The file changed while it was read: start again.
IMPORT_STOPPED = The import stopped before the end; running it again doubles nothing.
ROW_RAGGED = This row has not as many cells as the header.
NAME_MISSING = The last and the first name are missing.
VALUE_TOO_LONG = This value is too long.
TOO_MANY_VALUES = This cell holds too many values.
CONTROL_CHARACTER = This cell holds a control character.
SEX_UNKNOWN = Sex or title not recognised: F, M, Mrs, Mr …
CONSENT_UNREADABLE = Consent not recognised: a date, yes or no.
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
