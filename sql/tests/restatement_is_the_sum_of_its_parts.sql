-- What changed since the close of a month is the sum of its reasons, in both currencies.
select
    team_id,
    currency_code,
    issue_month,
    snapshot_month,
    restatement,
    restatement_mxn,
from {{ ref('mart_revenue_restatement') }}
where
    restatement <> cancelled_after + replaced_after + credit_note_after + late_stamped
    or restatement_mxn
    <> cancelled_after_mxn + replaced_after_mxn + credit_note_after_mxn + late_stamped_mxn
