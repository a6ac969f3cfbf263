-- summary: one row: where all teams stand together, in pesos.
select
    (select sum(open_balance_mxn), from marts.mart_ar_open_items) as open_balance_mxn,
    (
        select coalesce(sum(open_balance_mxn) filter (days_past_due > 0), 0),
        from marts.mart_ar_open_items
    ) as overdue_mxn,
    (
        select sum(owed_amount_mxn), from marts.mart_rep_owed
        where is_owed
    ) as owed_amount_mxn,
    (
        select sum(iva_pending_closing_mxn),
        from marts.mart_iva_monthly
        where basis = 'cash' and month_start_date = date_trunc('month', as_of_date)
    ) as iva_pending_closing_mxn,
    (select max(as_of_date), from marts.mart_revenue_monthly) as as_of_date,;
