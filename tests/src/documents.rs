//! What actors ask, in GraphQL.

pub(crate) const PREVIEW: &str = "
    fragment Preview on SmsPreview {
      id token expiresAt sender text recipientCount excludedCount messageCount cost balance balanceAfter topUpUrl
      metrics { length limit remaining remainingInSegment encoding segments stopMention offenders { character positions } }
      decision { id outcome verdicts { ruleSlug version level code message helpUrl observedOnly } }
    }";

pub(crate) const PREVIEW_SMS: &str = "
    mutation Preview($input: PreviewSmsInput!) {
      previewSms(input: $input) { preview { ...Preview } errors { __typename code message path } }
    }";

pub(crate) const SEND_SMS: &str = "
    mutation Send($input: SendSmsInput!) {
      sendSms(input: $input) {
        campaign { id state cost text sender createdBy { id } progress { total queued delivered } }
        replayed
        errors {
          __typename code message path
          ... on RefusedError { decision { id outcome verdicts { ruleSlug level code message helpUrl } } }
          ... on ConfirmationRequiredError { codes }
          ... on PreviewUsedError { campaign { id } }
          ... on PreviewStaleError { preview { ...Preview } }
          ... on InsufficientCreditError { required available }
        }
      }
    }";

pub(crate) const CANCEL_CAMPAIGN: &str = "
    mutation Cancel($id: ID!) {
      cancelCampaign(input: { campaign: $id }) {
        campaign { id state progress { total queued sending suppressed unknown delivered } }
        errors { __typename code message path ... on CampaignAlreadyCompletedError { campaign { id state } } }
      }
    }";

pub(crate) const RETRY_CAMPAIGN: &str = "
    mutation Retry($id: ID!) {
      retryCampaign(input: { campaign: $id }) { preview { ...Preview } errors { __typename code message path } }
    }";

pub(crate) const SIGN_IN: &str = "
    mutation SignIn($email: String!, $password: String!) {
      signIn(input: { email: $email, password: $password }) {
        token expiresAt viewer { email displayName } errors { __typename code message path }
      }
    }";

pub(crate) const PEOPLE: &str = "
    query People($filter: PersonFilter, $orderBy: PersonOrder, $first: Int, $after: String, $last: Int, $before: String) {
      viewer { structure { people(
        filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before
      ) {
        edges { cursor node { id firstName lastName displayName sex mobile reachable optedOut commercialConsentAt createdAt tags { id name } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      } } }
    }";
