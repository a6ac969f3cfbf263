select * from {{ ref('mart_revenue_restatement') }}
where
    restatement <> cancelled_after + replaced_after + credit_note_after + late_stamped
    or restatement_mxn
    <> cancelled_after_mxn + replaced_after_mxn + credit_note_after_mxn + late_stamped_mxn
