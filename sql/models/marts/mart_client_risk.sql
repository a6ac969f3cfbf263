-- One row per client in the team's list, with what about it would make stamping fail or wants
-- attention, and what is at stake. A client is the buyer: that it is listed by SAT is a matter of
-- knowing and collecting, not of the team's own invoices. Flags of papers are internal policy.
with clients as (
    select
        clients.*,
        teams.as_of_date,
        coalesce(clients.is_rfc_format_ok, false) and not clients.is_generic_rfc as is_own_rfc,
        {{ setting_text('csf_document_type') }} <> '' as asks_for_csf,
        {{ setting_text('opinion_document_type') }} <> '' as asks_for_opinion,
    from {{ ref('dim_client') }} as clients
    inner join {{ ref('dim_team') }} as teams on clients.team_id = teams.team_id
    where
        clients.client_source = 'list' and clients.is_live and not clients.is_deleted
        and coalesce(clients.created_date <= teams.as_of_date, true)
),

open_items as (
    select *, from {{ live('fct_invoice_balance') }}
    where is_receivable and is_open
),

balances as (
    select
        client_key,
        sum(open_balance_mxn) as open_balance_mxn,
        sum(open_balance_mxn) filter (where days_past_due > 90 and open_balance > 0)
            as overdue_90_mxn,
    from open_items
    group by client_key
),

revenue as (
    select
        client_key,
        sum(signed_net_amount_mxn) as revenue_12_months_mxn,
        sum(signed_net_amount_mxn) filter (where not is_open) as settled_revenue_mxn,
        count(*) filter (where cfdi_type_code = 'I') as invoices_12_months_count,
    from (
        select
            documents.*,
            coalesce(open_items.is_open, false) as is_open,
        from {{ live('fct_cfdi') }} as documents
        left join open_items on documents.cfdi_key = open_items.cfdi_key
        where
            documents.is_valid
            and documents.issue_date > cast(documents.as_of_date - interval 1 year as date)
    )
    group by client_key
),

failures as (
    select
        client_key,
        count(*) as stamping_failures_90_days,
    from {{ live('fct_stamping_failure') }}
    where failed_date > as_of_date - 90
    group by client_key
),

papers as (
    select
        client_key,
        max(coalesce(valid_from_date, created_date)) filter (
            where document_type = {{ setting_text('csf_document_type') }}
        ) as csf_date,
        max(coalesce(valid_from_date, created_date)) filter (
            where document_type = {{ setting_text('opinion_document_type') }}
        ) as opinion_date,
        arg_max(opinion_sense, coalesce(valid_from_date, created_date)) filter (
            where document_type = {{ setting_text('opinion_document_type') }}
        ) as opinion_sense,
    from {{ live('fct_support_document') }}
    where is_counting
    group by client_key
),

hits as (
    select
        client_key,
        string_agg(concat_ws(': ', sat_list, sat_list_label), '; ' order by hit_number)
            as sat_list_situation,
        bool_or(sat_list not like '69-B%') as is_on_other_list,
    from {{ live('fct_client_sat_hit') }}
    group by client_key
),

flagged as (
    select
        clients.*,
        hits.sat_list_situation,
        papers.csf_date,
        papers.opinion_date,
        papers.opinion_sense,
        coalesce(balances.open_balance_mxn, 0) as open_balance_mxn,
        coalesce(balances.overdue_90_mxn, 0) as overdue_90_mxn,
        coalesce(revenue.revenue_12_months_mxn, 0) as revenue_12_months_mxn,
        coalesce(revenue.settled_revenue_mxn, 0) as settled_revenue_mxn,
        coalesce(revenue.invoices_12_months_count, 0) as invoices_12_months_count,
        coalesce(failures.stamping_failures_90_days, 0) as stamping_failures_90_days,
        not coalesce(clients.is_rfc_format_ok, false) as rfc_format_invalid,
        clients.is_own_rfc and not clients.is_rfc_check_ok as rfc_check_digit_warning,
        clients.tax_regime_code in ('unknown', '') as missing_tax_regime,
        coalesce(clients.zip, '') = '' as missing_zip,
        coalesce(clients.legal_name, '') = '' as missing_legal_name,
        coalesce(
            clients.is_own_rfc
            and not if(
                clients.person_type = 'moral', regimes.applies_moral, regimes.applies_fisica
            ),
            false
        ) as regime_person_mismatch,
        clients.cfdi_use_code not in ('unknown', '')
        and clients.tax_regime_code not in ('unknown', '')
        and pairs.cfdi_use_code is null as use_regime_mismatch,
        coalesce(not clients.is_validated, false) as api_not_validated,
        clients.is_on_efos_list as efos_listed,
        coalesce(hits.is_on_other_list, false) as sat_listed,
        if(clients.asks_for_csf, papers.csf_date is null, null) as csf_missing,
        if(
            clients.asks_for_csf,
            coalesce(
                papers.csf_date < clients.as_of_date - {{ setting('csf_max_age_days') }}, false
            ),
            null
        ) as csf_stale,
        if(clients.asks_for_opinion, papers.opinion_date is null, null) as opinion_missing,
        if(
            clients.asks_for_opinion,
            coalesce(
                papers.opinion_date + {{ setting('opinion_valid_days') }} < clients.as_of_date,
                false
            ),
            null
        ) as opinion_expired,
        if(
            clients.asks_for_opinion,
            coalesce(lower(papers.opinion_sense) like 'negativ%', false),
            null
        ) as opinion_negative,
        coalesce(balances.overdue_90_mxn > 0, false) as has_overdue_90,
        coalesce(failures.stamping_failures_90_days > 1, false) as repeated_stamping_errors,
    from clients
    left join balances on clients.client_key = balances.client_key
    left join revenue on clients.client_key = revenue.client_key
    left join failures on clients.client_key = failures.client_key
    left join papers on clients.client_key = papers.client_key
    left join hits on clients.client_key = hits.client_key
    left join {{ ref('dim_tax_regime') }} as regimes
        on clients.tax_regime_code = regimes.tax_regime_code
    left join {{ ref('bridge_cfdi_use_tax_regime') }} as pairs
        on
            clients.cfdi_use_code = pairs.cfdi_use_code
            and clients.tax_regime_code = pairs.tax_regime_code
),

raised as (
    select
        client_key,
        unnest(map_keys(flags)) as flag,
        unnest(map_values(flags)) as is_raised,
    from (
        select
            client_key,
            map {
                'rfc_format_invalid': rfc_format_invalid,
                'rfc_check_digit_warning': rfc_check_digit_warning,
                'missing_tax_regime': missing_tax_regime,
                'missing_zip': missing_zip,
                'missing_legal_name': missing_legal_name,
                'regime_person_mismatch': regime_person_mismatch,
                'use_regime_mismatch': use_regime_mismatch,
                'api_not_validated': api_not_validated,
                'efos_listed': efos_listed,
                'sat_listed': sat_listed,
                'csf_missing': csf_missing,
                'csf_stale': csf_stale,
                'opinion_missing': opinion_missing,
                'opinion_expired': opinion_expired,
                'opinion_negative': opinion_negative,
                'has_overdue_90': has_overdue_90,
                'repeated_stamping_errors': repeated_stamping_errors
            } as flags,
        from flagged
    ) as of_clients
),

scored as (
    select
        raised.client_key,
        sum(cast(weights.weight as integer)) as risk_score,
        bool_or(cast(weights.is_blocking as boolean)) as has_blocking_flag,
        count(*) as flags_count,
        string_agg(
            weights.description_es, '; ' order by cast(weights.weight as integer) desc, raised.flag
        ) as reasons,
        string_agg(raised.flag, ', ' order by cast(weights.weight as integer) desc, raised.flag)
            as flags,
    from raised
    inner join {{ ref('client_risk_flag') }} as weights on raised.flag = weights.flag
    where raised.is_raised
    group by raised.client_key
)

select
    flagged.client_key,
    flagged.team_id,
    flagged.client_id,
    flagged.client_name,
    flagged.rfc,
    flagged.person_type,
    flagged.tax_regime_code,
    flagged.cfdi_use_code,
    case
        when scored.has_blocking_flag then 'high'
        when scored.risk_score >= {{ setting('risk_high_from') }} then 'high'
        when scored.risk_score >= {{ setting('risk_medium_from') }} then 'medium'
        else 'low'
    end as risk_level,
    scored.reasons,
    scored.flags,
    flagged.sat_list_situation,
    flagged.opinion_sense,
    coalesce(cast(scored.risk_score as integer), 0) as risk_score,
    coalesce(cast(scored.flags_count as integer), 0) as flags_count,
    cast(flagged.stamping_failures_90_days as integer) as stamping_failures_90_days,
    cast(flagged.invoices_12_months_count as integer) as invoices_12_months_count,
    {{ money('flagged.open_balance_mxn') }} as open_balance_mxn,
    {{ money('flagged.overdue_90_mxn') }} as overdue_90_mxn,
    {{ money('flagged.revenue_12_months_mxn') }} as revenue_12_months_mxn,
    {{ money('flagged.open_balance_mxn + flagged.settled_revenue_mxn') }} as exposure_mxn,
    coalesce(scored.has_blocking_flag, false) as has_blocking_flag,
    flagged.is_generic_rfc,
    flagged.rfc_format_invalid,
    flagged.rfc_check_digit_warning,
    flagged.missing_tax_regime,
    flagged.missing_zip,
    flagged.missing_legal_name,
    flagged.regime_person_mismatch,
    flagged.use_regime_mismatch,
    flagged.api_not_validated,
    flagged.efos_listed,
    flagged.sat_listed,
    flagged.csf_missing,
    flagged.csf_stale,
    flagged.opinion_missing,
    flagged.opinion_expired,
    flagged.opinion_negative,
    flagged.has_overdue_90,
    flagged.repeated_stamping_errors,
    flagged.csf_date,
    flagged.opinion_date,
    flagged.as_of_date,
from flagged
left join scored on flagged.client_key = scored.client_key
